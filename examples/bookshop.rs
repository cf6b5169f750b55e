//! A bookshop opens branches, and each of them sells while it cannot hear the others.
//!
//! ```sh
//! cargo run --release --example bookshop
//! ```
//!
//! The books lie in one storeroom; a branch sells a copy by taking the money for it. By day the lines between
//! the branches are down, and at night they tell each other what they have done. The same customers are
//! served twice:
//!
//! * **By sight.** The stock is a [`PnCounter`]. A branch sells while it *sees* a copy, as others may see it.
//! * **By right.** The stock is a [`BoundedCounter`]. A branch sells what it alone has *the right* to sell.

use std::collections::BTreeMap;
use std::mem;

use rejoin::{BoundedCounter, Causal, Delta, Lattice, Map, NotEnough, OrSet, PnCounter, ReplicaId, Writer};

type Title = &'static str;
/// The titles, and how many copies are in the storeroom on the first day.
const BOOKS: [(Title, u64); 3] = [("Emma", 66), ("Moby-Dick", 72), ("Walden", 70)];
const DAYS: [&str; 5] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

/// Who has bought what: the customers' numbers by title. Every sale, and nothing else, is an event.
type Ledger = Map<Title, OrSet<u64>>;
/// Both ways of counting. Pairs of lattices, and maps of them, are lattices: they merge as their parts do.
type Stock = BTreeMap<Title, (PnCounter, BoundedCounter)>;

/// Somebody who comes to a branch.
struct Customer {
    number: u64,
    branch: usize,
    wants: Title,
}

struct Branch {
    name: &'static str,
    ledger: Writer<Causal<Ledger>>,
    /// What was written in the ledger and has not been told to the others.
    untold: Delta<Ledger>,
    stock: Stock,
}

impl Branch {
    fn open(number: u128, name: &'static str) -> Self {
        let ledger = Writer::with_id(ReplicaId::from_u128(number));
        Branch { name, ledger, untold: Delta::default(), stock: Stock::new() }
    }

    fn id(&self) -> ReplicaId {
        self.ledger.replica()
    }

    /// Takes in copies. The rights to sell them are this branch's, until it gives some away.
    fn receive(&mut self, title: Title, copies: u64) {
        let id = self.id();
        let (seen, owned) = self.stock.entry(title).or_default();
        seen.add(id, copies).expect("books are few");
        owned.increment(id, copies).expect("books are few");
    }

    /// Sells a copy if this branch sees one. Returns whether it did.
    fn sell_by_sight(&mut self, title: Title) -> bool {
        let id = self.id();
        let (seen, _) = self.stock.entry(title).or_default();
        seen.get() > 0 && seen.subtract(id, 1).is_ok()
    }

    /// Sells a copy if this branch has the right to one, and writes the sale in the ledger.
    fn sell_by_right(&mut self, buyer: &Customer) -> Result<(), NotEnough> {
        let id = self.id();
        let (_, owned) = self.stock.entry(buyer.wants).or_default();
        owned.decrement(id, 1)?;
        let sale = self.ledger.edit_at(buyer.number, |ledger| ledger.entry(buyer.wants).insert(buyer.number));
        self.untold.join(sale);
        Ok(())
    }

    /// Gives another branch the right to a copy. Returns whether this one had any to give.
    fn give(&mut self, title: Title, to: ReplicaId) -> bool {
        let id = self.id();
        let (_, owned) = self.stock.entry(title).or_default();
        owned.transfer(id, to, 1).is_ok()
    }

    /// Gives rights to whoever has the fewest, until this branch has no more than they. Nobody has to agree:
    /// if two rich branches give to the same poor one, that is unfair at worst, never unsafe.
    fn share(&mut self, branches: [ReplicaId; 3]) {
        for (title, _) in BOOKS {
            while let Some(poorest) = branches.into_iter().min_by_key(|id| self.rights(title, *id))
                && self.rights(title, self.id()) > self.rights(title, poorest) + 1
            {
                self.give(title, poorest);
            }
        }
    }

    /// Brings this branch up to date with what another knows: a *read repair*.
    ///
    /// They compare versions, and if the other has heard of anything that is news here, its state is joined.
    /// No delta need have been kept for that; the deltas that bring the same again at night do no harm.
    fn catch_up_with(&mut self, other: &Branch) {
        if !self.ledger.version().covers(other.ledger.version()) {
            self.ledger.join_ref(other.ledger.state());
        }
        self.stock.join(other.stock.clone());
    }

    fn rights(&self, title: Title, holder: ReplicaId) -> u128 {
        self.stock.get(title).map_or(0, |(_, owned)| owned.rights(holder))
    }

    fn events(&self) -> u128 {
        self.ledger.version().dot_count()
    }

    fn buyers(&self, title: Title) -> usize {
        self.ledger.get(title).map_or(0, OrSet::len)
    }

    fn look(&self, title: Title) -> String {
        let (events, sold, rights) = (self.events(), self.buyers(title), self.rights(title, self.id()));
        format!("{:<9}knows of {events} sales, {sold} of them of {title}, and may sell {rights}", self.name)
    }
}

/// What came of a day.
#[derive(Default)]
struct Day {
    sold_by_sight: [u128; 3],
    sold_by_right: [u128; 3],
    sent_on: u32,
    turned_away: u32,
    /// Calls for help: what the caller and the other knew, and what the caller knew afterwards.
    calls: Vec<[String; 3]>,
    /// The events that each branch knew of before the night, and after it.
    events: [[u128; 3]; 2],
}

impl Day {
    /// The branches share what there is, sell while they are apart, and reconcile at night.
    fn live(branches: &mut [Branch; 3], customers: &[Customer], telephone: bool) -> Self {
        let ids = branches.each_ref().map(Branch::id);
        for branch in branches.iter_mut() {
            branch.share(ids);
        }
        reconcile(branches);

        let mut day = Day::default();
        for customer in customers {
            let Customer { branch: at, wants, .. } = *customer;
            day.sold_by_sight[at] += u128::from(branches[at].sell_by_sight(wants));
            if let Some(seller) = day.serve_by_right(branches, customer, telephone) {
                day.sold_by_right[seller] += 1;
                day.sent_on += u32::from(seller != at);
            } else {
                day.turned_away += 1;
            }
        }
        day.events[0] = branches.each_ref().map(Branch::events);
        reconcile(branches);
        day.events[1] = branches.each_ref().map(Branch::events);
        day
    }

    /// Finds a branch that may sell a copy, and returns which one has.
    fn serve_by_right(&mut self, all: &mut [Branch; 3], customer: &Customer, call: bool) -> Option<usize> {
        let Customer { branch: at, wants, .. } = *customer;
        let Err(refused) = all[at].sell_by_right(customer) else { return Some(at) };
        // The error says who had the most rights, when this branch last heard.
        let (holder, _) = refused.holder?;
        let there = all.iter().position(|branch| branch.id() == holder)?;
        let [here, other] = all.get_disjoint_mut([at, there]).expect("the holder is another branch");
        if !call {
            return other.sell_by_right(customer).is_ok().then_some(there);
        }
        let (mine, theirs) = (here.look(wants), other.look(wants));
        other.give(wants, here.id());
        here.catch_up_with(other);
        assert!(here.ledger.version() >= other.ledger.version(), "reading has brought it up to date");
        self.calls.push([mine, theirs, here.look(wants)]);
        here.sell_by_right(customer).is_ok().then_some(at)
    }
}

/// All branches tell each other what they have done. Ledgers grow, so their deltas travel; stocks are a few
/// numbers, so they travel whole.
fn reconcile(branches: &mut [Branch; 3]) {
    let news = branches.each_mut().map(|branch| (mem::take(&mut branch.untold), branch.stock.clone()));
    for branch in branches.iter_mut() {
        for (sales, stock) in news.clone() {
            branch.ledger.apply(sales);
            branch.stock.join(stock);
        }
    }
    let [first, others @ ..] = branches;
    for other in others {
        assert!(first.ledger.same_version(&other.ledger), "all have heard of the same sales");
        assert_eq!((first.ledger.state(), &first.stock), (other.ledger.state(), &other.stock));
    }
}

fn main() {
    let mut branches = [Branch::open(1, "Centre"), Branch::open(2, "Harbour"), Branch::open(3, "Station")];
    for (title, copies) in BOOKS {
        branches[0].receive(title, copies);
    }
    let (mut dice, mut customers) = (Dice(1813), Vec::new());
    for number in 1..=240 {
        customers.push(Customer { number, branch: dice.pick([0, 0, 0, 1, 1, 2]), wants: dice.pick(BOOKS).0 });
    }

    let mut days = Vec::new();
    for (name, today) in DAYS.iter().zip(customers.chunks(48)) {
        days.push(Day::live(&mut branches, today, *name == "Thursday"));
    }
    tell_the_week(&days);
    tell_a_call(&days[3].calls);
    tell_the_end(&branches[0], &days);
}

fn tell_the_week(days: &[Day]) {
    println!("A WEEK IN THREE BRANCHES, which cannot hear each other by day\n");
    println!("  The same customers are served twice. By sight, a branch sells a copy as long as its");
    println!("  PnCounter shows one; by right, if its BoundedCounter holds the right to one.\n");
    println!("              copies sold by sight         copies sold by right         sent   turned");
    println!("              Centre  Harbour  Station     Centre  Harbour  Station       on     away");
    for (name, day) in DAYS.iter().zip(days) {
        let [sight, right] = [day.sold_by_sight, day.sold_by_right].map(columns);
        println!("  {name:<10}{sight}   {right}{:>9}{:>9}", day.sent_on, day.turned_away);
    }

    println!("\nTHE NIGHTS: of how many sales by right the three ledgers know\n");
    println!("              at closing time              after the deltas of the night");
    let mut sold = 0;
    for (name, Day { events: [before, after], sold_by_right, .. }) in DAYS.iter().zip(days) {
        println!("  {name:<10}{}   {}", columns(*before), columns(*after));
        sold += sold_by_right.iter().sum::<u128>();
        assert_eq!(*after, [sold; 3], "at night, all know of all sales");
        assert_ne!(before, after, "by day, they drift apart");
    }
}

fn tell_a_call(calls: &[[String; 3]]) {
    println!("\nTHURSDAY: the telephone works\n");
    println!("  A branch without a right to a copy calls the one with the most, as far as it has heard.");
    println!("  First it takes in what it has missed (a read repair: who has called knows nearly all");
    println!("  when it closes), then it is given the right to a copy. {} calls; the first:\n", calls.len());
    let [caller, other, caller_now] = calls.first().expect("on Thursday some branch calls");
    println!("  before   {caller}\n           {other}\n  after    {caller_now}");
}

fn tell_the_end(branch: &Branch, days: &[Day]) {
    println!("\nFRIDAY NIGHT: what the counters say\n");
    println!("                             by sight            by right");
    println!("              delivered    sold  in stock      sold  in stock");
    let (mut sold, mut oversold) = (0, 0);
    for (title, copies) in BOOKS {
        let (seen, owned) = &branch.stock[title];
        let (seen, owned, buyers) = (seen.get(), owned.get(), branch.buyers(title));
        let gone = i128::from(copies) - seen;
        println!("  {title:<12}{copies:>9}{gone:>8}{seen:>10}{buyers:>10}{owned:>10}");
        assert_eq!(owned + buyers as u128, copies.into(), "a copy is here, or one customer has bought it");
        sold += gone;
        oversold += 0.max(-seen);
    }
    let by_sight = days.iter().flat_map(|day| day.sold_by_sight).sum();
    assert_eq!(u128::try_from(sold), Ok(by_sight), "the counter has lost no sale");
    assert!(oversold > 0, "this week would have gone well by sight, too");

    let sent_on: u32 = days.iter().map(|day| day.sent_on).sum();
    let turned_away: u32 = days.iter().map(|day| day.turned_away).sum();
    println!("\n  By sight, {oversold} customers have paid for a copy that does not exist. By right, nobody");
    println!("  has, for no branch sells what another may sell: {sent_on} were sent on to a branch that had");
    println!("  a copy, and {turned_away} were turned away before they paid.");
}

fn columns([centre, harbour, station]: [u128; 3]) -> String {
    format!("{centre:>8}{harbour:>9}{station:>9}")
}

/// Random choices that are the same in every run.
struct Dice(u32);

impl Dice {
    fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        choices[(self.0 >> 16) as usize % N]
    }
}

//! Stock in four regions, one of them cut off: never oversold, and rights move to where they are needed.

use std::collections::BTreeMap;

use rejoin::sim::{Delay, Network, Random, Schedule, Workload, World};
use rejoin::store::Edit;
use rejoin::sync::Numbered;
use rejoin::{BoundedCounter, PnCounter, ReplicaId};

use super::{Told, nodes};
use crate::args::Sim;
use crate::play::Play;
use crate::stage::Stage;

const REGIONS: [&str; 4] = ["Europe", "Africa", "America", "Asia"];
const ASIA: usize = 3;
const ARTICLES: [&str; 3] = ["kettle", "lamp", "teapot"];
/// Copies of each article, delivered to Europe.
const DELIVERED: u64 = 120;
/// The rights to each that Europe gives to each other region in the beginning.
const FIRST_RIGHTS: u64 = 10;
/// How long a customer waits for a right that was asked for.
const PATIENCE: u64 = 600;

/// By article: the stock as everybody sees it, and as rights to it.
type Stock = BTreeMap<u8, (PnCounter, BoundedCounter)>;

#[derive(Default)]
struct Shelves;

impl Workload for Shelves {
    type State = Numbered<Stock>;

    fn write(&mut self, random: &mut Random, stock: &mut Edit<'_, Stock>) {
        let _ = stock.entry(random.below(3) as u8).1.decrement(1);
    }

    fn check(&self, state: &Self::State) -> Result<(), String> {
        let held = |stock: &BoundedCounter| stock.holders().map(|(_, rights)| rights).sum::<u128>();
        match state.values().find(|(_, owned)| held(owned) != owned.get()) {
            Some((_, owned)) => Err(format!("{} in stock, and rights to {}", owned.get(), held(owned))),
            None => Ok(()),
        }
    }
}

/// Somebody who wants an article, and for how long they wait.
struct Customer {
    region: usize,
    article: u8,
    until: u64,
}

struct Tale<'a> {
    play: Play<'a, Shelves>,
    random: Random,
    waiting: Vec<Customer>,
    /// By article, of all regions.
    by_sight: [u64; 3],
    by_right: [u64; 3],
    turned_away: u64,
    moved: u64,
    asked_in_vain: u64,
}

impl Tale<'_> {
    fn rights(&self, region: usize, article: u8) -> u64 {
        let Some(replica) = self.play.world.replica(region) else { return 0 };
        replica.state().get(&article).map_or(0, |(_, owned)| owned.rights(replica.id()) as u64)
    }

    fn seen(&self, region: usize, article: u8) -> i128 {
        let Some(replica) = self.play.world.replica(region) else { return 0 };
        replica.state().get(&article).map_or(0, |(seen, _)| seen.get())
    }

    fn id(&self, region: usize) -> Option<ReplicaId> {
        self.play.world.replica(region).map(|replica| replica.id())
    }

    fn sell(&mut self, region: usize, article: u8) -> bool {
        if self.rights(region, article) == 0 {
            return false;
        }
        let mut is_sold = false;
        self.play.world.write_with(region, |stock| is_sold = stock.entry(article).1.decrement(1).is_ok());
        self.by_right[usize::from(article)] += u64::from(is_sold);
        is_sold
    }

    /// A customer comes. By sight they are served if a copy is seen, by right if the region has the right to one.
    fn serve(&mut self, region: usize, article: u8) {
        if self.seen(region, article) > 0 {
            let mut is_sold = false;
            self.play.world.write_with(region, |stock| is_sold = stock.entry(article).0.subtract(1).is_ok());
            self.by_sight[usize::from(article)] += u64::from(is_sold);
        }
        if !self.sell(region, article) {
            if !self.waiting.iter().any(|it| (it.region, it.article) == (region, article)) {
                self.ask(region, article);
            }
            self.waiting.push(Customer { region, article, until: self.play.now() + PATIENCE });
        }
    }

    /// Asks the region with the most rights, as far as is known here, for half of them; in vain if the line is cut.
    fn ask(&mut self, region: usize, article: u8) {
        let Some(to) = self.id(region) else { return };
        let known = self.play.world.replica(region).and_then(|replica| {
            let (_, owned) = replica.state().get(&article)?;
            owned.holders().filter(|(holder, _)| *holder != to).max_by_key(|(_, rights)| *rights)
        });
        let holder = known.and_then(|(id, _)| (0..REGIONS.len()).find(|it| self.id(*it) == Some(id)));
        let Some(holder) = holder else { return };
        if self.play.world.is_cut(region, holder) {
            self.asked_in_vain += 1;
            return;
        }
        let half = self.rights(holder, article).div_ceil(2);
        if half > 0 {
            let mut is_given = false;
            self.play.world.write_with(holder, |stock| {
                is_given = stock.entry(article).1.transfer(to, half).is_ok();
            });
            self.moved += if is_given { half } else { 0 };
        }
    }

    fn trade(&mut self, millis: u64) {
        for _ in 0..millis / 25 {
            let region = self.random.index(REGIONS.len());
            let article = self.random.below(3) as u8;
            self.serve(region, article);
            self.play.pass(25);
            for customer in std::mem::take(&mut self.waiting) {
                if self.sell(customer.region, customer.article) {
                    continue;
                }
                if self.play.now() < customer.until {
                    self.waiting.push(customer);
                } else {
                    self.turned_away += 1;
                }
            }
        }
    }

    fn table(&self) -> Vec<String> {
        let mut rows = vec![format!("{:<12}{:>26}{:>26}", "", "copies it sees", "copies it may sell")];
        let column = |of: &dyn Fn(u8) -> String| {
            let [a, b, c] = [0, 1, 2].map(of);
            format!("{a:>8}{b:>8}{c:>8}")
        };
        rows.push(format!(
            "{:<12}  {}  {}",
            "",
            column(&|it| ARTICLES[usize::from(it)].into()),
            column(&|it| ARTICLES[usize::from(it)].into())
        ));
        rows.extend((0..REGIONS.len()).map(|region| {
            let seen = column(&|article| self.seen(region, article).to_string());
            let rights = column(&|article| self.rights(region, article).to_string());
            format!("{:<12}  {seen}  {rights}", REGIONS[region])
        }));
        rows
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let network = Network { delay: Delay::Uniform(40, 160), loss: 30, doubled: 10 };
    let schedule = Schedule { seed: sim.seed, nodes: REGIONS.len(), network, steps: Vec::new() };
    let length = 12_500;
    stage.begin(
        "WAREHOUSE: four regions sell the same stock, each without asking. Frames take 40 to 160 ms, 3 % are lost.",
        length,
    );
    let play = Play::new(World::new(Shelves, &schedule, nodes::options(length)), stage, &REGIONS);
    let mut tale = Tale {
        play,
        random: Random::new(sim.seed ^ 0x570C),
        waiting: Vec::new(),
        by_sight: [0; 3],
        by_right: [0; 3],
        turned_away: 0,
        moved: 0,
        asked_in_vain: 0,
    };
    let ids: Vec<ReplicaId> = (0..REGIONS.len()).filter_map(|region| tale.id(region)).collect();
    tale.play.world.write_with(0, |stock| {
        for article in 0..3 {
            let (mut seen, mut owned) = stock.entry(article);
            let _ = seen.add(DELIVERED);
            let _ = owned.increment(DELIVERED);
            ids.iter().skip(1).for_each(|id| {
                let _ = owned.transfer(*id, FIRST_RIGHTS);
            });
        }
    });
    tale.play.pass_until_equal(10_000);
    tale.play.say(format!(
        "{DELIVERED} of each article come to Europe, which gives each other region the right to sell {FIRST_RIGHTS}. Every customer is \
         served twice, in two books: by sight (as long as a copy is seen: a PnCounter) and by right (a BoundedCounter)."
    ));
    tale.trade(4_500);
    let (moved, by_right) = (tale.moved, tale.by_right.iter().sum::<u64>());
    tale.play.say(format!(
        "{by_right} copies sold by right. {moved} rights have moved, to regions that had none left and asked for some."
    ));
    let stock = tale.table();
    tale.play.show_rows(&stock);

    tale.play.lines_around(&[ASIA], false);
    let since = tale.play.now();
    let vain = tale.asked_in_vain;
    tale.play.say("Asia is cut off. It sells what it has the right to; whom it asks for more does not hear.");
    tale.trade(5_000);
    tale.play.mark(since, "Asia is cut off");
    let vain = tale.asked_in_vain - vain;
    let stock = tale.table();
    tale.play.show_rows(&stock);
    let differs = (0..3).any(|article| tale.seen(0, article) != tale.seen(ASIA, article));
    tale.play.check(differs, || "Asia sees what it cannot have heard of".into());
    tale.play.say(format!(
        "Asia and the others see different stocks for now. Rights were asked for in vain {vain} times."
    ));

    tale.play.lines_around(&[ASIA], true);
    tale.trade(1_500);
    tale.waiting.clear();
    let took = tale.play.settle();
    tale.play.tell_of_repair(Some(took));
    tell_the_end(&mut tale);
    tale.play.pass(300);
    tale.play.show();
    let oversold = oversold(&tale);
    let measured = vec![
        ("sold_by_right", tale.by_right.iter().sum::<u64>() as f64),
        ("sold_by_sight", tale.by_sight.iter().sum::<u64>() as f64),
        (
            "oversold_by_right",
            tale.by_right.iter().map(|sold| sold.saturating_sub(DELIVERED)).sum::<u64>() as f64,
        ),
        ("oversold_by_sight", oversold as f64),
        ("rights_moved", tale.moved as f64),
        ("turned_away", tale.turned_away as f64),
    ];
    let (mut summary, chart) = tale.play.finish("warehouse", network.delay.mean());
    summary.measured = measured;
    Told::new(summary, chart.to_svg())
}

/// Copies that were sold by sight and do not exist.
fn oversold(tale: &Tale<'_>) -> u64 {
    tale.by_sight.iter().map(|sold| sold.saturating_sub(DELIVERED)).sum()
}

fn tell_the_end(tale: &mut Tale<'_>) {
    for (article, name) in ARTICLES.iter().enumerate() {
        let sold = tale.by_right[article];
        tale.play.check(sold <= DELIVERED, || format!("{sold} of {DELIVERED} {name}s were sold by right"));
        for (region, place) in REGIONS.iter().enumerate() {
            let replica = tale.play.world.replica(region);
            let stock = replica.and_then(|replica| replica.state().get(&(article as u8)));
            let (left, seen) = (stock.map(|(_, owned)| owned.get()), stock.map(|(seen, _)| seen.get()));
            tale.play.check(left == Some(u128::from(DELIVERED.saturating_sub(sold))), || {
                format!("{place}: {sold} {name}s were sold, and {left:?} are left")
            });
            let expected = i128::from(DELIVERED) - i128::from(tale.by_sight[article]);
            tale.play.check(seen == Some(expected), || {
                format!("{place}: {seen:?} {name}s are seen, and there are {expected}")
            });
        }
    }
    let [right, sight] = [&tale.by_right, &tale.by_sight].map(|sold| sold.iter().sum::<u64>());
    let (oversold, away) = (oversold(tale), tale.turned_away);
    tale.play.say(format!(
        "By sight {sight} were sold of {}, and {oversold} of these do not exist. By right {right} were sold, none too many; \
         {away} customers were turned away, as there was no right to be had in time.",
        3 * DELIVERED
    ));
}

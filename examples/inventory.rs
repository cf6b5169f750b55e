//! An inventory in four regions, over a network that loses, doubles, reorders, and falls apart in the middle.
//!
//! ```sh
//! cargo run --release --example inventory
//! ```
//!
//! The catalogue is a map of records. What is written leaves at once, as a delta; what got lost is found out
//! later, when regions compare versions. The stock is a [`BoundedCounter`] per article.

use std::collections::BTreeMap;

use rejoin::{
    BoundedCounter, Causal, Counter, Crdt, Delta, DwFlag, Edit, Lattice, Lww, Map, NotEnough, OrSet,
    ReplicaId, Version, Writer, record,
};

type Sku = &'static str;
const ARTICLES: [Sku; 3] = ["kettle", "lamp", "teapot"];
const EUROPE: ReplicaId = ReplicaId::from_u128(1);
const AFRICA: ReplicaId = ReplicaId::from_u128(2);
const AMERICA: ReplicaId = ReplicaId::from_u128(3);
const ASIA: ReplicaId = ReplicaId::from_u128(4);
const NAMES: [&str; 4] = ["Europe", "Africa", "America", "Asia"];
const ALL: [ReplicaId; 4] = [EUROPE, AFRICA, AMERICA, ASIA];

record! {
    /// What is known of an article.
    #[derive(Debug, PartialEq)]
    struct Article {
        name: Lww<&'static str>,
        tags: OrSet<&'static str>,
        damaged: Counter,
        /// If one region takes it off sale while another puts it back, it is on sale.
        discontinued: DwFlag,
    }
}

type Catalogue = Map<Sku, Article>;
/// What there is of each article. A map of lattices is a lattice, and so are its deltas.
type Stock = BTreeMap<Sku, BoundedCounter>;

/// What regions send each other.
#[derive(Clone)]
enum Message {
    /// What has changed in the catalogue, and in the stock or the rights to it.
    News(Delta<Catalogue>, Stock),
    /// "I know so much of the catalogue." The answer is what the sender lacks.
    Known(Version),
    /// "I have no right to ship this any more." The answer is some rights, if there are any to spare.
    Wanted(Sku),
}
use Message::{Known, News, Wanted};

struct Region {
    catalogue: Writer<Causal<Catalogue>>,
    /// All of the catalogue that was ever heard, as one large delta. Anybody can be given the part they lack.
    heard: Delta<Catalogue>,
    stock: Stock,
}

impl Region {
    /// Changes the stock of an article, or the rights to it, in this region's name.
    fn change(
        &mut self,
        article: Sku,
        change: impl FnOnce(&mut BoundedCounter, ReplicaId) -> Result<BoundedCounter, NotEnough>,
    ) -> Result<Message, NotEnough> {
        let delta = change(self.stock.entry(article).or_default(), self.catalogue.replica())?;
        Ok(News(Delta::default(), Stock::from([(article, delta)])))
    }

    /// Takes in a message, and returns the answer.
    fn hear(&mut self, from: ReplicaId, message: Message) -> Option<Message> {
        match message {
            News(catalogue, stock) => {
                self.heard.join(catalogue.clone());
                self.catalogue.apply(catalogue);
                self.stock.apply(stock);
                None
            }
            Known(version) => Some(News(self.heard.without(&version), self.stock.clone())),
            Wanted(article) => self.change(article, |stock, me| stock.transfer(me, from, 2)).ok(),
        }
    }
}

/// What happened in some hours.
#[derive(Default)]
struct Tally {
    orders: u32,
    refused: u32,
    /// How many of the refused could have been shipped from elsewhere.
    avoidable: u32,
    sent: u32,
    lost: u32,
    doubled: u32,
}

#[derive(Default)]
struct World {
    hour: u64,
    dice: Dice,
    regions: BTreeMap<ReplicaId, Region>,
    /// What is under way: when it arrives, from whom, to whom, and what it is.
    mail: Vec<(u64, ReplicaId, ReplicaId, Message)>,
    /// Whether Europe and Africa cannot reach America and Asia.
    apart: bool,
    tally: Tally,
    /// The pieces on the shelves, and the kettles found damaged: the truth, which no region can see.
    shelves: BTreeMap<Sku, u128>,
    damaged: i128,
}

impl World {
    fn region(&mut self, id: ReplicaId) -> &mut Region {
        self.regions.get_mut(&id).expect("there are four regions")
    }

    /// Sends a message to each receiver. It may get lost, or be doubled, or be overtaken by a later one.
    fn send(&mut self, from: ReplicaId, to: &[ReplicaId], message: &Message) {
        for &to in to.iter().filter(|to| **to != from) {
            let unreachable = self.apart && (from <= AFRICA) != (to <= AFRICA);
            let copies = if unreachable { 0 } else { self.dice.pick([0, 1, 1, 1, 1, 1, 1, 2]) };
            for _ in 0..copies {
                let arrives = self.hour + self.dice.pick([1, 2, 3, 4]);
                self.mail.push((arrives, from, to, message.clone()));
            }
            self.tally.sent += 1;
            self.tally.lost += u32::from(copies == 0);
            self.tally.doubled += u32::from(copies == 2);
        }
    }

    fn write(&mut self, region: ReplicaId, write: impl FnOnce(&mut Edit<'_, Catalogue>)) {
        let Region { catalogue, heard, .. } = self.regions.get_mut(&region).expect("there are four regions");
        let delta = catalogue.edit_at(self.hour * 3_600_000, write);
        heard.join(delta.clone());
        self.send(region, &ALL, &News(delta, Stock::new()));
    }

    fn receive(&mut self, region: ReplicaId, article: Sku, pieces: u64) {
        *self.shelves.entry(article).or_default() += u128::from(pieces);
        let received = self.region(region).change(article, |stock, me| stock.increment(me, pieces));
        self.send(region, &ALL, &received.expect("pieces are few"));
    }

    fn order(&mut self, region: ReplicaId, article: Sku, pieces: u64) {
        self.tally.orders += 1;
        let shipped = self.region(region).change(article, |stock, me| stock.decrement(me, pieces));
        let pieces_there = self.shelves.entry(article).or_default();
        match shipped {
            Ok(message) => {
                *pieces_there =
                    pieces_there.checked_sub(pieces.into()).expect("nobody ships what is not there");
                self.send(region, &ALL, &message);
            }
            Err(refused) => {
                self.tally.refused += 1;
                self.tally.avoidable += u32::from(*pieces_there >= pieces.into());
                // The error says who has rights, as far as it is known here.
                if let Some((holder, _)) = refused.holder {
                    self.send(region, &[holder], &Wanted(article));
                }
            }
        }
    }

    /// Lets an hour pass: messages arrive, and each region asks another for what it has missed.
    fn pass(&mut self) {
        self.hour += 1;
        let due: Vec<_> = self.mail.extract_if(.., |(arrives, ..)| *arrives <= self.hour).collect();
        for (_, from, to, message) in due {
            if let Some(answer) = self.region(to).hear(from, message) {
                self.send(to, &[from], &answer);
            }
        }
        for region in ALL {
            let known = Known(self.region(region).catalogue.version().clone());
            let other = self.dice.pick(ALL);
            self.send(region, &[other], &known);
        }
        for (article, pieces) in &self.shelves {
            let rights = self.regions.iter().map(|(id, region)| region.stock[article].rights(*id));
            assert!(rights.sum::<u128>() <= *pieces, "for each right there is a piece to ship");
        }
    }

    /// Lets hours pass in which all regions do business.
    fn trade(&mut self, hours: u64) {
        for _ in 0..hours {
            for region in ALL {
                let (article, pieces) = (self.dice.pick(ARTICLES), self.dice.pick([1, 2, 3]));
                match self.dice.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
                    1..=5 => self.order(region, article, pieces),
                    6..=7 => self.receive(region, article, pieces),
                    8 => {
                        self.damaged += 1;
                        self.write(region, |catalogue| catalogue.entry("kettle").damaged.add(1));
                    }
                    _ => {}
                }
            }
            self.pass();
        }
    }

    fn agree(&self) -> bool {
        let one = &self.regions[&EUROPE];
        self.regions.values().all(|r| r.catalogue.same_version(&one.catalogue) && r.stock == one.stock)
    }

    /// Tells what has happened, and what each region makes of it.
    fn tell(&mut self, when: &str) {
        let Tally { orders, refused, avoidable, sent, lost, doubled } = std::mem::take(&mut self.tally);
        print!("{when}\n\n  {orders} orders, {refused} refused ({avoidable} with enough on the shelves); ");
        println!("{sent} messages, {lost} lost, {doubled} doubled\n");
        println!("            the kettle                                            in stock / may ship");
        println!("            is called        tagged             damaged  sold   kettle    lamp  teapot");
        for (name, (id, region)) in NAMES.iter().zip(&self.regions) {
            let kettle = region.catalogue.get("kettle").expect("nobody has removed it");
            let tags: Vec<&str> = kettle.tags.iter().copied().collect();
            let sold = if kettle.discontinued.is_enabled() { "no" } else { "yes" };
            let cell = |sku| format!("{:>4} /{:>2}", region.stock[sku].get(), region.stock[sku].rights(*id));
            let [kettles, lamps, teapots] = ARTICLES.map(cell);
            print!("  {name:<10}{:<17}{:<19}", kettle.name.get().unwrap_or(&"-"), tags.join(", "));
            println!("{:>7}{sold:>6}  {kettles}{lamps}{teapots}", kettle.damaged.get());
        }
        let [kettles, lamps, teapots] = ARTICLES.map(|article| self.shelves[article]);
        println!("  in truth{:>45}{kettles:>12}{lamps:>8}{teapots:>8}\n", self.damaged);
    }
}

fn main() {
    let mut world = World { dice: Dice(7), ..World::default() };
    for id in ALL {
        let catalogue = Writer::with_id(id);
        world.regions.insert(id, Region { catalogue, heard: Delta::default(), stock: Stock::new() });
    }
    for (region, article) in ALL.into_iter().flat_map(|region| ARTICLES.map(|article| (region, article))) {
        world.receive(region, article, 10);
    }
    world.write(EUROPE, |catalogue| catalogue.entry("kettle").name.set("Kettle"));
    world.write(EUROPE, |catalogue| catalogue.entry("kettle").tags.extend(["fragile", "metal"]));
    world.trade(48);
    world.tell("48 HOURS TOGETHER");

    world.apart = true;
    world.trade(12);
    world.write(EUROPE, |catalogue| {
        let mut kettle = catalogue.entry("kettle");
        kettle.name.set("Kettle 1.7 l");
        kettle.tags.remove("fragile");
        kettle.discontinued.enable();
    });
    world.trade(12);
    world.write(ASIA, |catalogue| {
        let mut kettle = catalogue.entry("kettle");
        kettle.name.set("Electric kettle");
        kettle.tags.extend(["fragile", "new"]);
        kettle.discontinued.disable();
    });
    world.trade(24);
    assert!(!world.agree(), "two sides that do not hear each other do not know the same");
    world.tell("48 HOURS APART: Europe and Africa on one side, America and Asia on the other");

    world.apart = false;
    let reunited = world.hour;
    while !world.agree() {
        world.pass();
        assert!(world.hour < reunited + 100, "what was lost is found again, sooner or later");
    }
    world.tell(&format!("REUNITED, after {} hours", world.hour - reunited));

    for region in world.regions.values() {
        assert_eq!(region.catalogue.state(), world.regions[&EUROPE].catalogue.state());
        let kettle = region.catalogue.get("kettle").expect("nobody has removed it");
        assert_eq!(kettle.name.get(), Some(&"Electric kettle"), "the later name");
        assert!(kettle.tags.contains("fragile"), "adding a tag wins over removing it");
        assert!(!kettle.discontinued.is_enabled(), "and selling over not selling");
        assert_eq!(kettle.damaged.get(), world.damaged, "what was heard twice counts once");
        assert!(
            ARTICLES.iter().all(|sku| region.stock[sku].get() == world.shelves[sku]),
            "and all is counted"
        );
    }
    println!("All four agree, with each other and with the shelves; nobody shipped what was not there.");
}

/// Random choices that are the same in every run.
#[derive(Default)]
struct Dice(u32);

impl Dice {
    fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        choices[(self.0 >> 16) as usize % N]
    }
}

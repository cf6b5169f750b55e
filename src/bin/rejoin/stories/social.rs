//! Posts, replies, likes; readers hop between nodes and always see their own posts.

use rejoin::sim::{Delay, Network, Random, Schedule, Topology, Workload, World};
use rejoin::store::Editable;
use rejoin::{Causal, Counter, Lww, Map, OrSet, Version, record};

use super::{Told, nodes};
use crate::args::Sim;
use crate::measure::{percentile, time};
use crate::play::Play;
use crate::stage::Stage;

const READERS: u64 = 12;
/// How long a reader waits at a node that lacks what they have seen, before going back to where they were.
const PATIENCE: u64 = 1_500;

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Post {
        author: Lww<u64>,
        /// The post that it answers; 0 for none.
        answers: Lww<u64>,
        likes: Counter,
    }
}

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Feed {
        posts: Map<u64, Post>,
        /// Whom each follows.
        follows: Map<u64, OrSet<u64>>,
    }
}

#[derive(Default)]
struct Readers;

impl Workload for Readers {
    type State = Causal<Feed>;

    fn write(&mut self, random: &mut Random, feed: &mut <Feed as Editable>::Edit<'_>) {
        feed.follows.entry(random.below(READERS)).insert(random.below(READERS));
    }

    /// No answer is seen without what it answers: causes come before effects.
    fn check(&self, feed: &Self::State) -> Result<(), String> {
        let answers = feed.posts.iter().filter_map(|(id, post)| Some((id, *post.answers.get()?)));
        match answers.into_iter().find(|(_, to)| *to != 0 && !feed.posts.contains_key(to)) {
            Some((id, to)) => Err(format!("post {id} is seen, and post {to}, which it answers, is not")),
            None => Ok(()),
        }
    }
}

/// Somebody who goes from node to node, with a token that says what they have seen.
#[derive(Clone, Default)]
struct Reader {
    token: Version,
    posts: Vec<u64>,
    likes: u64,
    at: usize,
    /// Where they have gone, and since when they wait.
    going: Option<(usize, u64)>,
}

#[derive(Default)]
struct Count {
    visits: u64,
    waits: u64,
    /// Visits at which the node did not show the reader's own posts when they came.
    blind: u64,
    back: u64,
    waited: Vec<u64>,
}

struct Tale<'a> {
    play: Play<'a, Readers>,
    random: Random,
    readers: Vec<Reader>,
    posts: u64,
    count: Count,
    /// Visits, waits and blind visits, of all that was told.
    total: [u64; 3],
}

impl Tale<'_> {
    fn sees_own(&self, who: usize, node: usize) -> bool {
        let feed = self.play.world.replica(node);
        feed.is_some_and(|feed| self.readers[who].posts.iter().all(|post| feed.posts.contains_key(post)))
    }

    /// Time passes, and readers hop.
    fn hop(&mut self, millis: u64) {
        for step in 0..millis / 10 {
            if step % 2 == 0 {
                let who = self.random.index(self.readers.len());
                if self.readers[who].going.is_none() {
                    let node = self.random.index(self.play.world.nodes());
                    self.arrive(who, node);
                }
            }
            self.play.pass(10);
            (0..self.readers.len()).for_each(|who| self.wait(who));
        }
    }

    fn arrive(&mut self, who: usize, node: usize) {
        self.count.visits += 1;
        self.count.blind += u64::from(!self.sees_own(who, node));
        if self.play.has(node, &self.readers[who].token) {
            self.visit(who, node);
        } else {
            self.count.waits += 1;
            self.readers[who].going = Some((node, self.play.now()));
        }
    }

    fn wait(&mut self, who: usize) {
        let Some((node, since)) = self.readers[who].going else { return };
        let waited = self.play.now() - since;
        if self.play.has(node, &self.readers[who].token) {
            self.readers[who].going = None;
            self.count.waited.push(waited);
            self.visit(who, node);
        } else if waited > PATIENCE {
            self.readers[who].going = None;
            self.count.back += 1;
            let at = self.readers[who].at;
            self.visit(who, at);
        }
    }

    /// A reader reads, and mostly writes something too: a post, an answer, a like.
    fn visit(&mut self, who: usize, node: usize) {
        let is_seen = self.sees_own(who, node);
        self.play.check(is_seen, || format!("reader {who} does not see a post of their own at node {node}"));
        let Some(feed) = self.play.world.replica(node) else { return };
        let says = Readers.check(feed.state());
        let known: Vec<u64> = feed.posts.keys().copied().collect();
        self.play.check(says.is_ok(), || says.unwrap_err());
        let newest = known.last().copied().unwrap_or(0);
        let reader = who as u64;
        let choice = self.random.below(10);
        match choice {
            0..=3 => {
                self.posts += 1;
                let (post, answers) = (self.posts, if choice < 2 { newest } else { 0 });
                self.play.world.write_with(node, |feed| {
                    let mut entry = feed.posts.entry(post);
                    entry.author.set(reader);
                    entry.answers.set(answers);
                });
                self.readers[who].posts.push(post);
            }
            4..=6 if newest > 0 => {
                let post = known[self.random.index(known.len())];
                self.play.world.write_with(node, |feed| feed.posts.entry(post).likes.add(1));
                self.readers[who].likes += 1;
            }
            7 => {
                let whom = self.random.below(READERS);
                self.play.world.write_with(node, |feed| feed.follows.entry(reader).insert(whom));
            }
            _ => {}
        }
        if let Some(feed) = self.play.world.replica(node) {
            self.readers[who].token = feed.version().clone();
            self.readers[who].at = node;
        }
    }

    fn tell_of_visits(&mut self, when: &str) {
        let Count { visits, waits, blind, back, mut waited } = std::mem::take(&mut self.count);
        for (all, more) in self.total.iter_mut().zip([visits, waits, blind]) {
            *all += more;
        }
        let (half, most) = (percentile(&mut waited, 50), percentile(&mut waited, 100));
        self.play.say(format!(
            "{when}: {visits} visits. {waits} had to wait, as the node lacked something that the reader had seen elsewhere: \
             half of them up to {}, the longest {}; {back} went back to where they were. Without a token, {blind} visits \
             would have begun without a post of the reader's own.",
            time(half),
            time(most)
        ));
    }
}

pub(super) fn tell(stage: &mut Stage, sim: &Sim) -> Told {
    let nodes = sim.nodes.unwrap_or(6);
    let network = Network { delay: Delay::LongTail { least: 10, mean: 60 }, loss: 30, doubled: 10 };
    let schedule = Schedule { seed: sim.seed, nodes, network, steps: Vec::new() };
    let length = 9_500;
    let mut options = nodes::options(length);
    options.topology = Topology::Ring;
    stage.begin(
        &format!("SOCIAL: a feed on {nodes} nodes in a ring, and {READERS} readers who hop. Frames take 70 ms on average."),
        length,
    );
    let play = Play::new(World::new(Readers, &schedule, options), stage, &[]);
    let random = Random::new(sim.seed ^ 0x50C1);
    let readers = vec![Reader::default(); READERS as usize];
    let mut tale = Tale { play, random, readers, posts: 0, count: Count::default(), total: [0; 3] };
    tale.play.pass(500);
    tale.play.say("Readers post, answer, like and follow, each time at some other node. They carry a version as a token.");
    tale.hop(4_000);
    tale.tell_of_visits("All nodes together");

    let here: Vec<usize> = (0..nodes / 2).collect();
    tale.play.lines_around(&here, false);
    let since = tale.play.now();
    tale.play.say(format!(
        "A partition: {} nodes on one side, {} on the other. Readers still hop across.",
        here.len(),
        nodes - here.len()
    ));
    tale.hop(3_000);
    tale.play.mark(since, "partition");
    let (versions, lacking) = tale.play.world.divergence();
    tale.tell_of_visits("Apart");
    tale.play.say(format!(
        "There are {versions} versions of the feed, and nodes lack {lacking} events, together."
    ));

    tale.play.lines_around(&here, true);
    tale.play.say("The partition heals.");
    let healed = tale.play.now();
    tale.hop(1_500);
    tale.tell_of_visits("Healed");
    for reader in &mut tale.readers {
        reader.going = None;
    }
    tale.play.settle();
    let took = tale.play.now() - healed;
    tale.play.say(format!(
        "{} after the partition healed, and right after the last write, all are equal.",
        time(took)
    ));
    let likes: u64 = tale.readers.iter().map(|reader| reader.likes).sum();
    let counted: i128 =
        tale.play.world.replica(0).map_or(0, |feed| feed.posts.values().map(|post| post.likes.get()).sum());
    tale.play.check(counted == i128::from(likes), || {
        format!("{likes} likes were given, and {counted} are counted")
    });
    tale.play.say(format!("{} posts; {likes} likes were given, and {counted} are counted.", tale.posts));
    tale.play.show();
    let (posts, [visits, waits, blind]) = (tale.posts, tale.total);
    let (mut summary, chart) = tale.play.finish("social", network.delay.mean());
    summary.measured = vec![
        ("visits", visits as f64),
        ("waits", waits as f64),
        ("without_own_posts", blind as f64),
        ("posts", posts as f64),
        ("likes", likes as f64),
    ];
    Told::new(summary, chart.to_svg())
}

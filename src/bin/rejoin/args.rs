//! What was asked for.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use crate::stories::Story;

pub(crate) const HELP: &str = "\
Data that is written in several places while they are apart, and agrees once they rejoin.

Usage: rejoin <COMMAND>

Commands:
  sim     Tell a story: replicas drift apart and rejoin. `rejoin sim --help` lists the stories.
  plots   Measure, and write the pictures of docs/simulator, or those into DIR. `rejoin plots --help` lists them.

Options:
  -h, --help      Print this
  -V, --version   Print the version
";

pub(crate) const SIM_HELP: &str = "\
Tells a story: replicas drift apart and rejoin. Every number was measured in the run that is told, every promise is
checked in it, and the same seed gives the same story again.

Usage: rejoin sim [STORY] [OPTIONS]

Stories:
  nodes       A key-value store on some nodes: a crash, a cut line, a partition; then all agree (default)
  bookshop    A bookshop opens branches: offline by day, reconciled at night, and by telephone when somebody asks
  warehouse   Stock in four regions, one of them cut off: never oversold, and rights move to where they are needed
  social      Posts, replies, likes; readers hop between nodes and always see their own posts
  gossip      One rumour among many nodes, who draw whom to talk to; and what theory says of it
  strong      A single master beside replicas that are written anywhere, on the same network
  faults      Everything goes wrong at random, for many seeds
  all         One after the other

Options:
      --seed N     What is random follows from it [default: 1]
      --nodes N    How many nodes, 3 to 1000: for nodes, social, gossip, faults
      --fanout K   How many others a node draws in each round, 1 to 8: for gossip [default: 1]
      --seeds N    How many seeds, from --seed on: for faults [default: 60]
      --json       Print one line of JSON per story, and nothing else
      --plots DIR  Write pictures (SVG) of what happened into DIR
      --speed X    Show X milliseconds of the story per millisecond; else a story takes about 3 seconds
      --fast       Do not wait; also if the output is no terminal
  -h, --help       Print this

JSON: story, seed, replicas (up in the end), converged, rounds, bytes, frames, writes, repair_ms, violations, measured.
repair_ms is the time from when all was well again until all were equal; rounds is that in round trips of mean delay,
rounded up. bytes and frames are all that was sent. violations says what must not be, one sentence each; measured holds
the figures of the story.

Exit status: 0 if all is as it should be, 1 on a violation, 2 if the command could not be understood or carried out.
";

pub(crate) const PLOTS_HELP: &str = "\
Measures, and writes pictures (SVG) into a directory. It takes about a minute.

Usage: rejoin plots [DIR]    [default: docs/simulator]

Pictures:
  of each story         what `rejoin sim STORY --plots DIR` writes
  loss                  How long until all are equal, against how many frames are lost
  fanout                How long until all know of a write, against how many others a node draws in each round
  protocols             How many bytes it takes to keep nodes in step, in several ways
  infection-push        How many know a rumour after each round, measured and in theory
  infection-push-pull   The same if who does not know asks

Prints one line of JSON for each story. Exit status: as for `rejoin sim`.
";

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help(&'static str),
    Version,
    Sim(Sim),
    Plots { dir: PathBuf },
}

/// Which stories to tell, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sim {
    pub(crate) story: Story,
    pub(crate) seed: u64,
    pub(crate) nodes: Option<usize>,
    pub(crate) fanout: Option<usize>,
    pub(crate) seeds: Option<u64>,
    pub(crate) json: bool,
    pub(crate) plots: Option<PathBuf>,
    pub(crate) speed: Option<f64>,
    pub(crate) fast: bool,
}

impl Default for Sim {
    fn default() -> Self {
        Sim {
            story: Story::Nodes,
            seed: 1,
            nodes: None,
            fanout: None,
            seeds: None,
            json: false,
            plots: None,
            speed: None,
            fast: false,
        }
    }
}

pub(crate) fn parse(mut parser: Parser) -> Result<Command, String> {
    let text = |error: lexopt::Error| error.to_string();
    match parser.next().map_err(text)? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help(HELP)),
        Some(Arg::Short('V') | Arg::Long("version")) => Ok(Command::Version),
        Some(Arg::Value(command)) => match command.to_str() {
            Some("sim") => sim(parser).map_err(text),
            Some("plots") => plots(parser).map_err(text),
            Some("help") => Ok(Command::Help(HELP)),
            _ => Err(format!("no command `{}`; there are `sim` and `plots`", command.to_string_lossy())),
        },
        Some(other) => Err(other.unexpected().to_string()),
    }
}

fn sim(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut sim = Sim::default();
    let mut has_story = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(SIM_HELP)),
            Arg::Long("seed") => sim.seed = parser.value()?.parse()?,
            Arg::Long("nodes") => sim.nodes = Some(parser.value()?.parse()?),
            Arg::Long("fanout") => sim.fanout = Some(parser.value()?.parse()?),
            Arg::Long("seeds") => sim.seeds = Some(parser.value()?.parse()?),
            Arg::Long("json") => sim.json = true,
            Arg::Long("plots") => sim.plots = Some(parser.value()?.into()),
            Arg::Long("speed") => sim.speed = Some(parser.value()?.parse()?),
            Arg::Long("fast") => sim.fast = true,
            Arg::Value(name) if !has_story => {
                let name = name.string()?;
                let Some(story) = Story::named(&name) else {
                    return Err(format!("no story `{name}`; `rejoin sim --help` lists them").into());
                };
                (sim.story, has_story) = (story, true);
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(check(sim)?)
}

fn check(sim: Sim) -> Result<Command, String> {
    if let Some(nodes) = sim.nodes {
        if !(3..=1_000).contains(&nodes) {
            return Err(format!("--nodes {nodes}: there may be 3 to 1000"));
        }
        if !sim.story.has_any_number_of_nodes() {
            return Err("--nodes: this story is told of places that have names".into());
        }
    }
    if let Some(fanout) = sim.fanout {
        if !(1..=8).contains(&fanout) {
            return Err(format!("--fanout {fanout}: it may be 1 to 8"));
        }
        if !matches!(sim.story, Story::Gossip | Story::All) {
            return Err("--fanout: nobody is drawn in this story".into());
        }
    }
    if let Some(seeds) = sim.seeds {
        if seeds == 0 {
            return Err("--seeds 0: nothing to run".into());
        }
        if !matches!(sim.story, Story::Faults | Story::All) {
            return Err("--seeds: this story is told of one; choose it by --seed".into());
        }
    }
    if sim.speed.is_some_and(|speed| !(speed.is_finite() && speed > 0.0)) {
        return Err("--speed: must be more than 0".into());
    }
    if sim.speed.is_some() && sim.fast {
        return Err("--speed and --fast: one of them, please".into());
    }
    Ok(Command::Sim(sim))
}

fn plots(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut dir: Option<PathBuf> = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(PLOTS_HELP)),
            Arg::Value(path) if dir.is_none() => dir = Some(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Plots { dir: dir.unwrap_or_else(|| "docs/simulator".into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str) -> Result<Command, String> {
        parse(Parser::from_args(args.split_whitespace()))
    }

    #[test]
    fn what_is_asked_for() {
        let expected = Sim { story: Story::Gossip, seed: 7, nodes: Some(50), json: true, ..Sim::default() };
        assert_eq!(parsed("sim gossip --seed 7 --nodes=50 --json"), Ok(Command::Sim(expected)));
        assert_eq!(parsed("plots here"), Ok(Command::Plots { dir: "here".into() }));
        assert_eq!(parsed("plots --help"), Ok(Command::Help(PLOTS_HELP)));
        assert_eq!(parsed("sim"), Ok(Command::Sim(Sim::default())));
        assert_eq!(parsed(""), Ok(Command::Help(HELP)));
        assert_eq!(parsed("sim all --help"), Ok(Command::Help(SIM_HELP)));
    }

    #[test]
    fn what_cannot_be_understood() {
        for (args, says) in [
            ("fly", "no command `fly`"),
            ("sim tea", "no story `tea`"),
            ("sim nodes gossip", "gossip"),
            ("sim --seed", "--seed"),
            ("sim --seed x", "x"),
            ("sim --nodes 2", "3 to 1000"),
            ("sim bookshop --nodes 5", "names"),
            ("sim --speed 0", "more than 0"),
            ("sim --speed 2 --fast", "one of them"),
            ("sim --loud", "--loud"),
            ("sim gossip --fanout 9", "1 to 8"),
            ("sim nodes --fanout 2", "drawn"),
            ("sim faults --seeds 0", "nothing"),
            ("sim nodes --seeds 2", "--seed"),
            ("plots --loud", "--loud"),
            ("plots here there", "there"),
        ] {
            let message = parsed(args).unwrap_err();
            assert!(message.contains(says), "{args}: {message}");
        }
    }
}

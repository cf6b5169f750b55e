//! What is told.

mod bookshop;
mod faults;
mod gossip;
mod nodes;
mod social;
mod strong;
mod warehouse;

pub(crate) use gossip::spread_to_all;
pub(crate) use nodes::{Entries, Writes, options as node_options};

use crate::args::Sim;
use crate::stage::Stage;
use crate::summary::Summary;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    Nodes,
    Bookshop,
    Warehouse,
    Social,
    Gossip,
    Strong,
    Faults,
    All,
}

/// What came of a story: in figures, and in pictures with their names.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) summary: Summary,
    pub(crate) plots: Vec<(String, String)>,
}

impl Told {
    fn new(summary: Summary, svg: String) -> Self {
        let name = summary.story.to_string();
        Told { summary, plots: vec![(name, svg)] }
    }
}

impl Story {
    const NAMES: [(&'static str, Story); 8] = [
        ("nodes", Story::Nodes),
        ("bookshop", Story::Bookshop),
        ("warehouse", Story::Warehouse),
        ("social", Story::Social),
        ("gossip", Story::Gossip),
        ("strong", Story::Strong),
        ("faults", Story::Faults),
        ("all", Story::All),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Story::NAMES.iter().find(|(known, _)| *known == name).map(|(_, story)| *story)
    }

    /// One by one.
    pub(crate) fn stories(self) -> Vec<Story> {
        match self {
            Story::All => {
                Story::NAMES.iter().map(|(_, story)| *story).filter(|story| *story != Story::All).collect()
            }
            story => vec![story],
        }
    }

    pub(crate) fn has_any_number_of_nodes(self) -> bool {
        matches!(self, Story::Nodes | Story::Social | Story::Gossip | Story::Faults | Story::All)
    }

    pub(crate) fn tell(self, stage: &mut Stage, options: &Sim) -> Told {
        match self {
            Story::Nodes | Story::All => nodes::tell(stage, options),
            Story::Bookshop => bookshop::tell(stage, options),
            Story::Warehouse => warehouse::tell(stage, options),
            Story::Social => social::tell(stage, options),
            Story::Gossip => gossip::tell(stage, options),
            Story::Strong => strong::tell(stage, options),
            Story::Faults => faults::tell(stage, options),
        }
    }
}

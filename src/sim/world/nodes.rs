//! Nodes that start, store, stop, join and leave.

use super::{Event, Node, SAVE, Saved, World, ids, kept};
use crate::sim::adversary::is_adversary;
use crate::sim::{Topology, Workload, mix};
use crate::sync::{Gossip, PeerName, Replicated, Swarm};
use crate::{Version, Writer};

impl<W: Workload> World<W> {
    /// Stores what a node must have stored before it says anything more, in a while.
    pub(super) fn save_soon(&mut self, node: usize) {
        if self.nodes[node].replica.as_ref().is_some_and(|replica| !replica.is_stored()) {
            let delay = 1 + mix(self.digest ^ 1) % SAVE;
            self.push(self.now + delay, Event::Save { node });
        }
    }

    pub(super) fn save(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if let Some(replica) = &mut node.replica
            && self.options.disks
        {
            let (identity, state) = replica.snapshot();
            node.disk = Some(Saved { identity: identity.duplicate(), state: state.clone() });
            if W::IS_GROUP {
                replica.stored();
            }
        }
    }

    /// Starts a node from its disk.
    pub(super) fn start(&mut self, at: usize) {
        let ids = ids(&self.ids, self.seed);
        let node = &mut self.nodes[at];
        if node.replica.is_some() || node.has_left {
            return;
        }
        let writer = match node.disk.as_ref().map(Saved::copy) {
            Some(Saved { identity, state }) => Writer::resume_with_ids(identity, state, ids),
            None => Writer::with_ids(W::State::default(), ids),
        };
        let mut replica = self.workload.replica(writer);
        replica.set_log_bounds(self.options.log);
        if W::IS_GROUP && self.options.disks {
            replica.stored();
        }
        if let Some(before) = node.id.replace(replica.id()).filter(|before| *before != replica.id()) {
            self.gone.push(before);
        }
        node.checked = replica.version().clone();
        node.replica = Some(replica);
        self.connect(at);
        self.pump(at);
    }

    /// Gives a node links to its peers, and them links to it.
    pub(super) fn connect(&mut self, node: usize) {
        let (seed, len) = (self.links_seed(), self.nodes.len());
        let mut swarm = Swarm::new(seed, self.options.config.clone());
        // Frames come from whom they say they come from here.
        swarm.vouch_for(|peer: &usize| (!is_adversary(*peer)).then(|| PeerName::from_u128(*peer as u128)));
        swarm.set_most_links(self.options.most_links);
        self.nodes[node].swarm = swarm;
        if let Topology::Gossip { fanout, interval } = self.options.topology {
            let peers = (0..len).filter(|peer| *peer != node && !self.nodes[*peer].has_left).collect();
            let gossip = Gossip { peers, fanout, interval, rounds_open: 3 };
            self.nodes[node].swarm.gossip(Some(gossip));
            return;
        }
        for peer in (0..len).filter(|peer| *peer != node && self.options.topology.connects(node, *peer, len))
        {
            if !self.nodes[peer].has_left {
                self.nodes[node].swarm.keep(peer);
                self.nodes[peer].swarm.keep(node);
            }
        }
        for member in self.adversaries.members() {
            self.nodes[node].swarm.keep(member);
        }
    }

    pub(super) fn links_seed(&mut self) -> u64 {
        self.swarms += 1;
        mix(self.seed ^ self.swarms.rotate_left(32))
    }

    /// A node stops. What it had only heard, and only its memory had, is lost, and nobody is to blame.
    pub(super) fn stop(&mut self, node: usize) {
        let mut before = kept(&self.nodes[node]);
        before.subtract(&self.nodes[node].acknowledged);
        self.nodes[node].replica = None;
        let lost = self.excuse(&before);
        // What it had written by itself, as a member, was not stored yet, and it goes on under the same id.
        let id = self.nodes[node].id;
        let own = lost.dots().filter(|dot| Some(dot.replica()) == id);
        self.journal.forget(&own.collect());
    }

    /// What a node had, and neither it nor any other has any more.
    pub(super) fn excuse(&mut self, before: &Version) -> Version {
        let mut lost = before.clone();
        self.nodes.iter().for_each(|node| lost.subtract(&kept(node)));
        self.journal.excuse(&lost);
        self.report.excused += u64::try_from(lost.dot_count()).unwrap_or(u64::MAX);
        lost
    }

    /// A node stops, and starts again with other data, under an id of its own.
    pub(super) fn replace(&mut self, at: usize, saved: Option<Saved<W::State>>) {
        if self.nodes[at].has_left {
            return;
        }
        let before = kept(&self.nodes[at]);
        let node = &mut self.nodes[at];
        node.replica = None;
        // In a group, who has forgotten begins with nothing: an old copy may know what was settled without it.
        let saved = saved.filter(|_| !W::IS_GROUP);
        // The state goes on, the identity does not.
        node.disk = saved.map(|saved| {
            let writer = Writer::with_ids(saved.state, ids(&self.ids, self.seed));
            let (identity, state) = writer.suspend();
            Saved { identity, state }
        });
        self.excuse(&before);
        let left = kept(&self.nodes[at]);
        // A client that read here what is nowhere now has to begin anew.
        let excused = before.difference(&left);
        self.sessions.iter_mut().for_each(|token| token.subtract(&excused));
        self.start(at);
    }

    pub(super) fn join(&mut self) {
        self.nodes.push(Node::new(&self.options.config));
        self.start(self.nodes.len() - 1);
    }

    pub(super) fn try_leave(&mut self, at: usize) {
        let Some(replica) = &self.nodes[at].replica else { return };
        let version = replica.version();
        let is_known =
            self.nodes.iter().enumerate().filter(|(other, node)| *other != at && !node.is_leaving).any(
                |(other, node)| {
                    (!W::IS_GROUP || self.is_member(other))
                        && node.disk.as_ref().is_some_and(|saved| saved.state.version().covers(version))
                },
            );
        if is_known || !self.options.disks {
            self.nodes[at].has_left = true;
            self.nodes[at].replica = None;
            self.nodes[at].disk = None;
            for node in &mut self.nodes {
                node.swarm.drop_peer(&at);
            }
        }
    }
}

//! What must hold at each moment.

use super::{ENOUGH, World};
use crate::Codec;
use crate::sim::Workload;
use crate::sim::journal::Violation;
use crate::sync::Replicated;

impl<W: Workload> World<W> {
    /// Whether a node is still who it was.
    pub(super) fn check_identity(&mut self, at: usize) {
        let node = &self.nodes[at];
        let id = node.replica.as_ref().map(|replica| replica.id());
        if self.adversaries.len() > 0 && id.is_some() && node.id.is_some() && id != node.id {
            self.nodes[at].id = id;
            self.violation(Violation::Evicted { node: at });
        }
    }

    pub(super) fn violation(&mut self, violation: Violation) {
        if self.report.violations.len() < ENOUGH {
            self.report.violations.push(violation);
        }
    }

    pub(super) fn check_order(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let Some(replica) = &node.replica else { return };
        let version = replica.version();
        let news = version.difference(&node.checked);
        let lacks = self.journal.unknown_causes(&news, version);
        node.checked = version.clone();
        if self.options.check_bounds {
            let (entries, bytes) = replica.log_len();
            if entries > self.options.log.entries || bytes > self.options.log.bytes {
                self.violation(Violation::Unbounded { node: at, what: "the log" });
            }
        }
        if !lacks.is_empty() {
            self.violation(Violation::OutOfOrder { node: at, at: self.now, lacks });
        }
    }

    /// Whether the state of a node is what its events make.
    pub(super) fn check_state(&mut self, at: usize) {
        let Some(replica) = &self.nodes[at].replica else { return };
        let says = self.workload.check(replica.state());
        let mut expected = self.journal.replay(replica.version());
        expected.settle(&replica.state().horizon());
        if expected.encode() != replica.state().encode() {
            self.violation(Violation::Differs { node: at, at: self.now });
        }
        if let Err(message) = says {
            self.violation(Violation::Workload { node: at, message });
        }
    }

    pub(super) fn read(&mut self, session: usize, node: usize) {
        let session = session % self.sessions.len();
        let Some(replica) = self.replica(node) else {
            self.report.unavailable += 1;
            return;
        };
        if !replica.has(&self.sessions[session]) {
            self.report.waits += 1;
            return;
        }
        let version = replica.version().clone();
        self.report.reads += 1;
        if !version.covers(&self.sessions[session]) {
            self.violation(Violation::Session { session, node });
        }
        self.sessions[session] = version;
        self.check_state(node);
    }
}

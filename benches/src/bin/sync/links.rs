//! The costs of open links: time, bytes, and frames while nobody writes.

mod bytes;
mod conversation;
mod idle;
mod one;
mod peers;
mod sketches;
mod work;

use crate::targets::Targets;

/// Tables by the names of their places in `sync.md`.
pub(crate) fn measure() -> Vec<(&'static str, String)> {
    let mut targets = Targets::new();
    let mut tables = vec![
        ("one link", one::measure(&mut targets)),
        ("further peers", peers::measure(&mut targets)),
        ("bytes of a write", bytes::measure(&mut targets)),
        ("sketches of a million", sketches::measure(&mut targets)),
        ("idle", idle::measure(&mut targets)),
    ];
    tables.push(("targets of links", targets.into_table()));
    tables
}

//! The guide, in chapters.
//!
//! | chapter | for whom |
//! |---|---|
//! | [`cookbook`] | who has a task to do, and wants a snippet that runs |
//! | [`your_own_type`] | who needs a type that is not here |
//! | [`replicas`] | who has replicas in several places, and bytes to move |
#![cfg_attr(
    feature = "sim",
    doc = "| [`simulator`] | who wants to see it go wrong before it goes wrong, or has a type to try |"
)]
//! | [`limits`] | who wants to know beforehand what will not work |
//! | [`how_it_works`] | who wants to see inside |
//! | [`format`](mod@format) | who wants to read the bytes elsewhere, or to change a type later |
//!
//! Which type does what when replicas disagree is in the table of [`types`](crate::types).

/// Real tasks, each with a snippet that runs.
#[doc = include_str!("../docs/cookbook.md")]
pub mod cookbook {}

/// Bring your own type: a record, a shape with a meaning of its own, or a lattice by hand.
#[doc = include_str!("../docs/your_own_type.md")]
pub mod your_own_type {}

/// Keeping replicas in step, over whatever carries bytes.
#[doc = include_str!("../docs/replicas.md")]
pub mod replicas {}

/// A world in which all goes wrong, for types of your own too.
#[cfg(feature = "sim")]
#[doc = include_str!("../docs/simulator.md")]
pub mod simulator {}

/// What CRDTs cannot do for you, and what to do instead.
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

/// The kernel, explained in one sitting.
#[doc = include_str!("../docs/how_it_works.md")]
pub mod how_it_works {}

/// The bytes, for who wants to read them elsewhere.
#[doc = include_str!("../docs/format.md")]
pub mod format {}

//! The guide, in chapters.

pub mod cookbook {
    //! Real tasks, solved.
}

pub mod your_own_type {
    //! Bring your own type.
}

pub mod limits {
    //! What CRDTs cannot do for you.
}

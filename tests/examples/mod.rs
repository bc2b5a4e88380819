//! Do the examples hold together?

mod templates;

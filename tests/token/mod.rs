//! Does a token say what it should, and stand only while it should?

mod minter;

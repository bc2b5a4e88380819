//! callsign
fn main() {}

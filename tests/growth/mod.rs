//! Does what a request costs stay the same, however much there is in the database?

mod plans;
mod scene;

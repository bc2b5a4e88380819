//! Is the program itself a pleasure to run, and honest about what went wrong?

mod crash;
mod failures;
mod help;
mod stop;
mod tools;

//! Is the program itself a pleasure to run, and honest about what went wrong?

mod apply;
mod authorities;
mod crash;
mod failures;
mod help;
mod lists;
mod operator;
mod refused;
mod stop;
mod tools;

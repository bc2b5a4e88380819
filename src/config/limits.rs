//! How often may one machine log in? `[limits]`.

use super::reader::Section;
use super::show::Show;

/// More logins than any broker answers in a second: a larger number is a typing error.
const MOST_PER_SECOND: usize = 1_000_000;
/// Nobody waits for the end of a burst that is longer than this.
const LARGEST_BURST: usize = 1_000_000;

/// `[limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Logins of one proven instance per second, in the long run; 0: as many as it likes.
    pub instance_rate: usize,
    /// Logins of one proven instance beyond that rate, at once; at least 1.
    pub instance_burst: usize,
}

impl Limits {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let instance_rate = section.integer("instance_rate", 0..=MOST_PER_SECOND);
        let instance_burst = section.integer("instance_burst", 1..=LARGEST_BURST);
        Some(Self { instance_rate: instance_rate?, instance_burst: instance_burst? })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { instance_rate, instance_burst } = self;
        show.section("limits");
        show.plain("instance_rate", instance_rate);
        show.plain("instance_burst", instance_burst);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn no_rate_is_no_limit_and_a_burst_is_one_at_least() {
        check("[limits]\ninstance_rate = 0\ninstance_burst = 1", &[]);
        check(
            "[limits]\ninstance_rate = -1\ninstance_burst = 0",
            &[
                "a.toml:2: limits.instance_rate: found -1; a number from 0 to 1000000 is allowed",
                "a.toml:3: limits.instance_burst: found 0; a number from 1 to 1000000 is allowed",
            ],
        );
    }
}

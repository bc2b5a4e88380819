//! What is done, one after the other? The words of the command line.

use std::fmt;
use std::str::FromStr;

use super::pool::Asked;

/// One kind of load, and a storm beside it perhaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    pub(super) load: Load,
    pub(super) storm: Option<Asked>,
}

/// What is asked for, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// HTTP alone, in a closed loop.
    Health,
    /// Logins by the mix, in a closed loop.
    Closed,
    /// Logins that are refused alike, in a closed loop.
    Refused(Asked),
    /// A multiple of the rate of the last closed loop.
    Times(f64),
    /// So many a second.
    Rate(f64),
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (load, storm) = match text.split_once('+') {
            Some((load, storm)) => (load, Some(refused(storm).ok_or_else(wrong)?)),
            None => (text, None),
        };
        let load = match load {
            "health" => Load::Health,
            "closed" => Load::Closed,
            load => match (refused(load), load.strip_suffix('x')) {
                (Some(asked), _) => Load::Refused(asked),
                (None, Some(times)) => Load::Times(times.parse().map_err(|_| wrong())?),
                (None, None) => Load::Rate(load.parse().map_err(|_| wrong())?),
            },
        };
        Ok(Self { load, storm })
    }
}

fn refused(text: &str) -> Option<Asked> {
    match text {
        "ambiguous" => Some(Asked::Nameless),
        "unknown" => Some(Asked::Unknown),
        _ => None,
    }
}

fn wrong() -> String {
    "health, closed, ambiguous, unknown, a multiple such as 0.7x or a rate such as 5000; +ambiguous \
     or +unknown adds a storm"
        .to_owned()
}

fn word(asked: Asked) -> &'static str {
    match asked {
        Asked::Named => "named",
        Asked::Nameless => "ambiguous",
        Asked::Unknown => "unknown",
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.load {
            Load::Health => f.write_str("health"),
            Load::Closed => f.write_str("closed"),
            Load::Refused(asked) => f.write_str(word(asked)),
            Load::Times(times) => write!(f, "{times}x"),
            Load::Rate(rate) => write!(f, "{rate}/s"),
        }?;
        self.storm.map_or(Ok(()), |asked| write!(f, "+{}", word(asked)))
    }
}

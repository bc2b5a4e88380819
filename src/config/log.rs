//! What does the broker say while it runs, and in which form? `[log]`.
//!
//! Does not know the language of filters: `telemetry` reads it, and says what it refuses.

use super::reader::Section;
use super::show::Show;
use super::words::{word, word_of};

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The form of a log line.
    pub format: LogFormat,
    /// What is logged, as directives of tracing's `EnvFilter`; not empty.
    pub filter: String,
}

impl Log {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let format = section.parse_at("format", word(&FORMATS));
        let filter = section.parse("filter", |text| match text.trim() {
            "" => {
                Err(r#"allowed is a level or directives, such as "info" or "warn,callsign=debug""#)
            }
            filter => Ok(filter.to_owned()),
        });
        Some(Self { format: format?, filter: filter? })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { format, filter } = self;
        show.section("log");
        show.text("format", word_of(&FORMATS, format));
        show.text("filter", filter);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn a_format_is_text_or_json_and_a_filter_is_there() {
        check("[log]\nformat = \"json\"\nfilter = \"warn,callsign=debug\"", &[]);
        check(
            "[log]\nformat = \"xml\"\nfilter = \" \"",
            &[
                "a.toml:2: log.format: found \"xml\"; allowed is text, json",
                "a.toml:3: log.filter: found \" \"; allowed is a level or directives, such as \"info\" or \"warn,callsign=debug\"",
            ],
        );
    }
}

//! Where does the broker listen, and under which address is it reached? `[http]`.

use std::net::SocketAddr;

use super::reader::Section;
use super::show::Show;
use super::url;

/// More threads than any machine has cores: a larger number is a typing error.
const MOST_WORKERS: usize = 1024;

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where the broker listens.
    pub listen: SocketAddr,
    /// The address by which callers reach it: `scheme://host[:port]`, no slash at the end.
    pub public_url: String,
    /// Threads that serve HTTP; 0: one per core.
    pub workers: usize,
}

impl Http {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let listen = section.parse("listen", |text| {
            text.parse()
                .map_err(|_| r#"allowed is an IP address and a port, such as "127.0.0.1:7480""#)
        });
        let public_url = section.parse("public_url", url::address);
        let workers = section.integer("workers", 0..=MOST_WORKERS);
        Some(Self { listen: listen?, public_url: public_url?, workers: workers? })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { listen, public_url, workers } = self;
        show.section("http");
        show.text("listen", listen);
        show.text("public_url", public_url);
        show.plain("workers", workers);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn an_address_to_listen_at_has_a_port() {
        let rule = "allowed is an IP address and a port, such as \"127.0.0.1:7480\"";
        check("[http]\nlisten = \"[::]:0\"", &[]);
        for bad in ["127.0.0.1", "localhost:80", ":80", "127.0.0.1:99999"] {
            let expected = format!("a.toml:2: http.listen: found \"{bad}\"; {rule}");
            check(&format!("[http]\nlisten = \"{bad}\""), &[&expected]);
        }
    }

    #[test]
    fn workers_have_a_sane_number() {
        for bad in ["-1", "1025"] {
            let expected =
                format!("a.toml:2: http.workers: found {bad}; a number from 0 to 1024 is allowed");
            check(&format!("[http]\nworkers = {bad}"), &[&expected]);
        }
    }
}

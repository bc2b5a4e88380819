//! What does an operator read? The log of all brokers of this process, in the form that `serve`
//! writes it.

use std::io::Write;
use std::sync::{Mutex, Once};

use callsign::config::{Log, LogFormat};
use callsign::telemetry::lines;

use super::patience;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static KEEPING: Once = Once::new();

/// Keeps from now on what is logged.
pub fn keep() {
    KEEPING.call_once(|| {
        let log = Log { format: LogFormat::Text, filter: "info".to_owned() };
        let lines = lines(&log, || Kept, false).unwrap();
        tracing::subscriber::set_global_default(lines).unwrap();
    });
}

/// The lines with this text, such as a request's id.
pub fn with(text: &str) -> Vec<String> {
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Waits for a line with both texts: decisions are told by another task than requests.
pub async fn wait_for(id: &str, text: &str) -> String {
    let find = async || with(id).into_iter().find(|line| line.contains(text));
    patience::until(&format!("{id} has a line with {text:?}"), find).await
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

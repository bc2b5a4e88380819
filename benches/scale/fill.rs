//! How do a million machines get registered? As by the API, as many together as the directory takes.

use std::collections::BTreeMap;
use std::time::Instant;

use callsign::broker::registration;
use callsign::directory::Converge;
use callsign::names::{AgentName, InstanceId, Provider, ResourceName};
use callsign::registration::{AgentSpec, Registrar, ResourceSpec};
use futures_util::StreamExt as _;
use indicatif::ProgressBar;

use super::scene::{Scene, instance_id};

const UNDER_WAY: usize = 128;

/// Registers what of the scene's machines is not registered yet.
pub(super) async fn register(scene: &Scene) {
    let bar = ProgressBar::new(scene.machines as u64);
    let begun = Instant::now();
    let registering = (0..scene.machines).map(|number| {
        let by = Registrar::Operator("scale".to_owned());
        register_one(scene, Converge { spec: spec(number), by, request_id: None })
    });
    let mut registered = futures_util::stream::iter(registering).buffer_unordered(UNDER_WAY);
    while registered.next().await.is_some() {
        bar.inc(1);
    }
    bar.finish_and_clear();
    let rate = scene.machines as f64 / begun.elapsed().as_secs_f64();
    eprintln!("{} machines are registered, {rate:.0} a second", scene.machines);
}

async fn register_one(scene: &Scene, request: Converge) {
    registration::register(&scene.broker, request).await.unwrap();
}

fn spec(number: usize) -> ResourceSpec {
    let agent = |name| AgentSpec { name: AgentName::parse(name).unwrap(), parent: None };
    ResourceSpec {
        provider: Provider::Aws,
        instance_id: InstanceId::parse(Provider::Aws, &instance_id(number)).unwrap(),
        name: ResourceName::parse(&format!("build-{number}")).unwrap(),
        account: "123456789012".to_owned(),
        generation: "1".to_owned(),
        labels: BTreeMap::from([("team".to_owned(), "build".to_owned())]),
        agents: vec![agent("main"), agent("dev")],
    }
}

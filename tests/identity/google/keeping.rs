//! Is the key set fetched and re-read when it should be, kept when it cannot be, and never asked
//! for by a login?

use std::sync::Arc;

use actix::Actor as _;
use callsign::emulator::google::GoogleSigner;
use callsign::identity::{
    CurrentKeys, IdentityProof, KeyKeeper, KeySetHealth, KeySource, Trust, Verifier, VerifyIdentity,
};
use callsign::mailbox::{Gate, Lifeline, Mailbox};
use chrono::TimeDelta;

use super::fixture::{claims, header, policy, signed};
use crate::identity::fixture::word;
use crate::support::clock::FixedClock;
use crate::support::key_server::KeyServer;
use crate::support::machine::GOOGLE;

fn google() -> String {
    GOOGLE.jwks().unwrap().to_string()
}

fn stranger() -> (String, String) {
    let stranger = GoogleSigner::generate().unwrap();
    (stranger.jwks().unwrap().to_string(), stranger.key_id().to_owned())
}

/// A keeper, the clock that it goes by, and what it keeps.
struct Scene {
    clock: FixedClock,
    keys: CurrentKeys,
    keeper: KeyKeeper,
}

impl Scene {
    fn set(source: KeySource) -> Self {
        let (clock, keys) = (FixedClock::default(), CurrentKeys::default());
        let keeper = KeyKeeper::new(source, keys.clone(), clock.clock()).unwrap();
        Self { clock, keys, keeper }
    }

    fn of_url(server: &KeyServer) -> Self {
        Self::set(KeySource::Url(server.url().to_owned()))
    }

    async fn after(&mut self, seconds: i64) {
        self.clock.move_by(TimeDelta::seconds(seconds));
        self.keeper.refresh_if_due().await;
    }

    fn ids(&self) -> Vec<String> {
        let set = self.keys.load();
        set.iter().flat_map(|set| set.ids().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    fn health(&self) -> KeySetHealth {
        self.keys.health(self.clock.now())
    }
}

fn good(seconds: i64) -> KeySetHealth {
    KeySetHealth::Good(TimeDelta::seconds(seconds))
}

#[actix::test]
async fn a_set_is_fetched_by_its_own_lifetime() {
    let server = KeyServer::start(&google(), "public, max-age=20000");
    let mut scene = Scene::of_url(&server);
    assert_eq!(scene.health(), KeySetHealth::Missing);
    scene.after(0).await;
    assert_eq!((scene.ids(), scene.health()), (vec![GOOGLE.key_id().to_owned()], good(0)));
    // Not before nine tenths of it, whatever the jitter; and certainly at its end.
    scene.after(17_999).await;
    assert_eq!((server.asked(), scene.health()), (1, good(17_999)));
    let (other, id) = stranger();
    server.say(200, &other, "public, max-age=20000");
    scene.after(2_001).await;
    assert_eq!((server.asked(), scene.ids(), scene.health()), (2, vec![id], good(0)));
}

#[actix::test]
async fn a_lifetime_without_sense_is_put_within_bounds() {
    for (cache_control, not_yet, by_then) in [
        ("max-age=0", 269, 300),
        ("max-age=1", 269, 300),
        ("no-cache", 3_239, 3_600),
        ("max-age=31536000", 77_759, 86_400),
    ] {
        let server = KeyServer::start(&google(), cache_control);
        let mut scene = Scene::of_url(&server);
        scene.after(0).await;
        scene.after(not_yet).await;
        assert_eq!(server.asked(), 1, "{cache_control}");
        scene.after(by_then - not_yet).await;
        assert_eq!(server.asked(), 2, "{cache_control}");
    }
}

#[actix::test]
async fn the_last_good_set_is_kept_and_grows_old() {
    let server = KeyServer::start(&google(), "max-age=3600");
    let mut scene = Scene::of_url(&server);
    scene.after(0).await;
    let broken = [
        (500, google()),
        (302, google()),
        (204, String::new()),
        (200, "<html>captive portal</html>".to_owned()),
        (200, r#"{"keys":[]}"#.to_owned()),
        (200, format!("{}{}", google(), " ".repeat(64 * 1024))),
    ];
    let mut asked = 1;
    for (status, text) in broken {
        server.say(status, &text, "max-age=3600");
        scene.after(3_600).await;
        asked += 1;
        assert_eq!(server.asked(), asked, "{status} {text:.20}");
        assert_eq!(scene.ids(), [GOOGLE.key_id()], "{status} {text:.20}");
    }
    assert_eq!(scene.health(), KeySetHealth::Old(TimeDelta::hours(6)));
    server.say(200, &google(), "max-age=3600");
    scene.after(300).await;
    assert_eq!(scene.health(), good(0));
}

#[actix::test]
async fn a_source_that_cannot_be_reached_is_tried_again_after_growing_pauses() {
    let server = KeyServer::start("", "");
    server.stop().await;
    let mut scene = Scene::of_url(&server);
    scene.after(0).await;
    assert_eq!(scene.health(), KeySetHealth::Missing);
    let server = KeyServer::start("no", "");
    let mut scene = Scene::of_url(&server);
    scene.after(0).await;
    for pause in [2, 4, 8, 16, 32, 64, 128, 256, 300] {
        let asked = server.asked();
        scene.after(pause / 2 - 1).await;
        assert_eq!(server.asked(), asked, "too soon within {pause} s");
        scene.after(pause / 2 + 1).await;
        assert_eq!(server.asked(), asked + 1, "{pause} s");
    }
}

#[actix::test]
async fn a_file_is_read_at_once_and_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, google()).unwrap();
    let mut scene = Scene::set(KeySource::File(path.clone()));
    scene.keeper.begin().await;
    assert_eq!(scene.ids(), [GOOGLE.key_id()]);
    scene.after(100_000).await;
    assert_eq!(scene.health(), good(100_000));
    let (other, id) = stranger();
    std::fs::write(&path, format!("{other}\n")).unwrap();
    scene.after(2).await;
    assert_eq!((scene.ids(), scene.health()), (vec![id.clone()], good(0)));
    for broken in ["", "{", r#"{"keys":[]}"#] {
        std::fs::write(&path, broken).unwrap();
        scene.after(2).await;
        assert_eq!(scene.ids(), [id.as_str()], "{broken}");
    }
    std::fs::remove_file(&path).unwrap();
    scene.after(2).await;
    assert_eq!(scene.ids(), [id.as_str()]);
    std::fs::write(&path, google()).unwrap();
    scene.after(2).await;
    assert_eq!(scene.ids(), [GOOGLE.key_id()]);
}

#[actix::test]
async fn a_file_that_is_not_there_yet_is_taken_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let mut scene = Scene::set(KeySource::File(path.clone()));
    scene.keeper.begin().await;
    assert_eq!(scene.health(), KeySetHealth::Missing);
    std::fs::write(&path, google()).unwrap();
    scene.after(2).await;
    assert_eq!(scene.health(), good(0));
}

#[actix::test]
async fn a_flood_of_unknown_keys_fetches_once_and_never_while_a_login_waits() {
    let server = KeyServer::start(&google(), "max-age=86400");
    let Scene { clock, keys, mut keeper } = Scene::of_url(&server);
    keeper.refresh_if_due().await;
    clock.move_by(TimeDelta::minutes(5));
    let trust = Arc::new(Trust { google: Some(keys.clone()), ..Trust::default() });
    let (policy, now) = (Arc::new(policy()), clock.clock());
    let (deaths, _) = tokio::sync::mpsc::unbounded_channel();
    let lifeline = Lifeline::watch(&deaths, "verifier");
    let verifier = Verifier::new(trust, policy, now, lifeline).start();
    let gate = Gate::new("verifier", 64, std::time::Duration::from_secs(60));
    let mailbox = Mailbox::new(&verifier, &gate);
    let token = GoogleSigner::generate().unwrap();
    let token =
        token.sign(&header().to_string().replace("\"kid\":\"", "\"kid\":\"x"), "{}").unwrap();
    for _ in 0..100 {
        let proof = IdentityProof::google_token(&token).unwrap();
        assert_eq!(word(mailbox.ask(VerifyIdentity { proof }).await.unwrap()), "unknown-key");
    }
    assert_eq!(server.asked(), 1, "a login went to the source");

    // The keeper hears of it once, and goes once.
    let running = actix::spawn(keeper.run());
    while server.asked() < 2 {
        tokio::task::yield_now().await;
    }
    while keys.health(clock.now()) != good(0) {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        keys.hasten();
        tokio::task::yield_now().await;
    }
    let proof = IdentityProof::google_token(&signed(&header(), &claims())).unwrap();
    assert_eq!(word(mailbox.ask(VerifyIdentity { proof }).await.unwrap()), "verified");
    assert_eq!(server.asked(), 2);
    running.abort();
}

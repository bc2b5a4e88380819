//! What is to be done next, and when? A function of what happened: no clock, no network, no chance.
//!
//! Moments are times since the start. There are two things to do, logging in and telling the broker
//! that the agent is there. Until the first token, patience is bounded and whatever somebody has to
//! mend ends it; afterwards a program depends on us, so nothing does but the agent's retirement.

use std::time::Duration;

use super::weight::Weight;
use super::{backoff, renewal};

/// The broker counts an agent as connected for 90 seconds: two heartbeats may be lost.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How much longer than its patience an agent waits at most, as a share of it. Each ends at a moment
/// of its own: a fleet that was booted together would otherwise make its last try in one second.
const GRACE: f64 = 0.1;

/// A heartbeat's pauses begin where a login's are after so many failures: at 8 to 16 s, so that two
/// more are tried before the agent counts as gone. All agents have heartbeats and few have logins
/// due, so these are what meets a broker that comes back after half a minute.
const NOT_URGENT: u32 = 4;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Get a token.
    LogIn,
    /// Tell the broker that the agent is there.
    Beat,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// There is a token, good for this long.
    LoggedIn(Duration),
    /// There is no new token.
    LoginFailed(Weight),
    /// The broker knows.
    Beaten,
    /// The broker does not know.
    BeatFailed(Weight),
}

/// Whether there is anything left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is.
    GoOn,
    /// There is not: what happened last is the reason.
    End,
}

/// What happened so far, as far as it matters.
#[derive(Clone, Debug)]
pub struct Watch {
    patience: Duration,
    has_token: bool,
    failed_logins: u32,
    failed_beats: u32,
    login_at: Duration,
    beat_at: Option<Duration>,
    /// Whether the last heartbeat was heard, and nothing happened since.
    in_touch: bool,
}

impl Watch {
    /// Begins, with this much patience until the first token.
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            has_token: false,
            failed_logins: 0,
            failed_beats: 0,
            login_at: Duration::ZERO,
            beat_at: None,
            in_touch: false,
        }
    }

    /// What is to be done next, and when.
    pub fn next(&self) -> (Task, Duration) {
        match self.beat_at {
            Some(beat_at) if beat_at < self.login_at => (Task::Beat, beat_at),
            _ => (Task::LogIn, self.login_at),
        }
    }

    /// When the next login is due.
    pub fn login_at(&self) -> Duration {
        self.login_at
    }

    /// Takes in what happened at this moment; `random` is from 0 to 1.
    pub fn on(&mut self, happened: Happened, now: Duration, random: f64) -> Verdict {
        match happened {
            Happened::LoggedIn(lifetime) => {
                (self.has_token, self.failed_logins, self.in_touch) = (true, 0, false);
                self.login_at = now + renewal::delay(lifetime, random);
                self.beat_at = Some(now + self.pause_after_refused_beats(random));
            }
            Happened::LoginFailed(weight) => return self.login_failed(weight, now, random),
            Happened::Beaten => {
                self.failed_beats = 0;
                self.beat_at = Some(now + self.pause_between_beats(random));
                self.in_touch = true;
            }
            Happened::BeatFailed(weight) => self.beat_failed(weight, now, random),
        }
        Verdict::GoOn
    }

    fn login_failed(&mut self, weight: Weight, now: Duration, random: f64) -> Verdict {
        self.failed_logins = self.failed_logins.saturating_add(1);
        let retry_after = match weight {
            Weight::Passing(retry_after) => retry_after,
            Weight::NoSuchAgent => return Verdict::End,
            Weight::Unregistered if self.has_token => return Verdict::End,
            Weight::Final if !self.has_token => return Verdict::End,
            Weight::Unregistered | Weight::Final | Weight::TokenRefused => None,
        };
        let next = now + backoff::delay(self.failed_logins, retry_after, random);
        if self.has_token {
            self.login_at = next;
            return Verdict::GoOn;
        }
        // One last try when patience ends, unless the broker asked for more than that.
        let last = self.patience.mul_f64(1.0 + GRACE * random);
        if now >= last || retry_after.is_some_and(|asked| now + asked > last) {
            return Verdict::End;
        }
        self.login_at = next.min(last);
        Verdict::GoOn
    }

    fn beat_failed(&mut self, weight: Weight, now: Duration, random: f64) {
        self.failed_beats = self.failed_beats.saturating_add(1);
        self.in_touch = false;
        match weight {
            // Expired while the machine slept, or revoked: a login tells.
            Weight::TokenRefused => {
                self.login_at = now;
                self.beat_at = None;
            }
            Weight::Passing(retry_after) => {
                let failures = self.failed_beats.saturating_add(NOT_URGENT);
                self.beat_at = Some(now + backoff::delay(failures, retry_after, random));
            }
            _ => self.beat_at = Some(now + HEARTBEAT),
        }
    }

    /// The first pause is anything up to a whole one: those that came at the same moment, because
    /// they were started together or because the broker came back, do not come together again.
    fn pause_between_beats(&self, random: f64) -> Duration {
        let share = if self.in_touch { 0.9 + 0.1 * random } else { random };
        HEARTBEAT.mul_f64(share)
    }

    /// The first heartbeat follows the login at once. Where the broker gives tokens and refuses
    /// them, each round takes longer than the one before.
    fn pause_after_refused_beats(&self, random: f64) -> Duration {
        match self.failed_beats {
            0 | 1 => Duration::ZERO,
            failures => backoff::delay(failures, None, random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// With a token since the start, and no chance.
    fn holding() -> Watch {
        let mut watch = Watch::new(seconds(300.0));
        assert_eq!(watch.on(Happened::LoggedIn(HOUR), Duration::ZERO, 0.5), Verdict::GoOn);
        watch
    }

    #[test]
    fn before_the_first_token_only_what_may_pass_is_waited_for() {
        for (weight, verdict) in [
            (Weight::Passing(None), Verdict::GoOn),
            (Weight::Unregistered, Verdict::GoOn),
            (Weight::NoSuchAgent, Verdict::End),
            (Weight::Final, Verdict::End),
        ] {
            let mut watch = Watch::new(seconds(300.0));
            assert_eq!(watch.next(), (Task::LogIn, Duration::ZERO));
            let now = seconds(1.0);
            assert_eq!(watch.on(Happened::LoginFailed(weight), now, 1.0), verdict, "{weight:?}");
            if verdict == Verdict::GoOn {
                assert_eq!(watch.next(), (Task::LogIn, seconds(2.0)));
            }
        }
    }

    #[test]
    fn patience_ends_with_one_last_try_and_zero_means_one_try() {
        let unknown = Happened::LoginFailed(Weight::Unregistered);
        let mut watch = Watch::new(seconds(10.0));
        watch.failed_logins = 10;
        assert_eq!(watch.on(unknown, seconds(9.5), 0.0), Verdict::GoOn);
        assert_eq!(watch.next(), (Task::LogIn, seconds(10.0)));
        assert_eq!(watch.on(unknown, seconds(10.0), 0.0), Verdict::End);
        assert_eq!(Watch::new(Duration::ZERO).on(unknown, seconds(0.1), 1.0), Verdict::End);
    }

    #[test]
    fn patience_ends_for_each_at_a_moment_of_its_own_and_never_before_it_was_told_to() {
        for (random, last) in [(0.0, 300.0), (0.5, 315.0), (1.0, 330.0)] {
            let mut watch = Watch::new(seconds(300.0));
            watch.failed_logins = 10;
            let unknown = Happened::LoginFailed(Weight::Unregistered);
            assert_eq!(watch.on(unknown, seconds(299.0), random), Verdict::GoOn);
            assert_eq!(watch.next(), (Task::LogIn, seconds(last)));
            assert_eq!(watch.on(unknown, seconds(last), random), Verdict::End);
        }
    }

    #[test]
    fn nobody_waits_for_a_moment_that_is_beyond_patience() {
        let later = |wait| Happened::LoginFailed(Weight::Passing(Some(seconds(wait))));
        let mut watch = Watch::new(seconds(10.0));
        assert_eq!(watch.on(later(4.0), seconds(1.0), 1.0), Verdict::GoOn);
        assert_eq!(watch.next(), (Task::LogIn, seconds(6.0)));
        assert_eq!(watch.on(later(30.0), seconds(6.0), 1.0), Verdict::End);
    }

    #[test]
    fn a_login_is_told_at_once_and_renewed_at_two_thirds() {
        let mut watch = holding();
        assert_eq!(watch.next(), (Task::Beat, Duration::ZERO));
        watch.on(Happened::Beaten, seconds(1.0), 1.0);
        assert_eq!(watch.next(), (Task::Beat, seconds(31.0)));
        watch.on(Happened::Beaten, seconds(2_390.0), 1.0);
        assert_eq!(watch.next(), (Task::LogIn, seconds(2_400.0)));
    }

    #[test]
    fn heartbeats_that_began_together_come_apart_after_the_first() {
        for (random, first, next) in [(0.0, 0.0, 27.0), (0.5, 15.0, 28.5), (1.0, 30.0, 30.0)] {
            let mut watch = holding();
            watch.on(Happened::Beaten, Duration::ZERO, random);
            assert_eq!(watch.next(), (Task::Beat, seconds(first)));
            watch.on(Happened::Beaten, Duration::ZERO, random);
            assert_eq!(watch.next(), (Task::Beat, seconds(next)));
            // The broker was away: those that come back at once come apart once more.
            watch.on(Happened::BeatFailed(Weight::Passing(None)), Duration::ZERO, random);
            watch.on(Happened::Beaten, Duration::ZERO, random);
            assert_eq!(watch.next(), (Task::Beat, seconds(first)));
        }
    }

    #[test]
    fn two_more_heartbeats_are_tried_before_the_broker_counts_the_agent_as_gone() {
        let mut watch = holding();
        watch.on(Happened::Beaten, Duration::ZERO, 1.0);
        for due in [30.0, 46.0, 78.0] {
            assert_eq!(watch.next(), (Task::Beat, seconds(due)));
            watch.on(Happened::BeatFailed(Weight::Passing(None)), seconds(due), 1.0);
        }
    }

    #[test]
    fn after_the_first_token_only_retirement_ends_it() {
        for (weight, verdict) in [
            (Weight::Passing(None), Verdict::GoOn),
            (Weight::Final, Verdict::GoOn),
            (Weight::Unregistered, Verdict::End),
            (Weight::NoSuchAgent, Verdict::End),
        ] {
            let mut watch = holding();
            let now = seconds(90_000.0);
            assert_eq!(watch.on(Happened::LoginFailed(weight), now, 1.0), verdict, "{weight:?}");
        }
    }

    #[test]
    fn a_renewal_is_tried_for_as_long_as_it_takes_and_each_wait_is_longer_up_to_a_minute() {
        let mut watch = holding();
        watch.beat_at = None;
        let mut now = seconds(2_400.0);
        let mut waits = Vec::new();
        for _ in 0..9 {
            watch.on(Happened::LoginFailed(Weight::Passing(None)), now, 1.0);
            let (task, next) = watch.next();
            assert_eq!(task, Task::LogIn);
            waits.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        watch.on(Happened::LoggedIn(HOUR), now, 0.5);
        watch.on(Happened::LoginFailed(Weight::Passing(None)), now, 1.0);
        assert_eq!(watch.login_at(), now + seconds(1.0));
    }

    #[test]
    fn a_refused_token_is_renewed_at_once_but_not_over_and_over() {
        let mut watch = holding();
        let refused = Happened::BeatFailed(Weight::TokenRefused);
        let now = seconds(30.0);
        watch.on(refused, now, 1.0);
        assert_eq!(watch.next(), (Task::LogIn, now));
        watch.on(Happened::LoggedIn(HOUR), now, 0.5);
        assert_eq!(watch.next(), (Task::Beat, now));
        watch.on(refused, now, 1.0);
        watch.on(Happened::LoggedIn(HOUR), now, 1.0);
        assert_eq!(watch.next(), (Task::Beat, now + seconds(2.0)));
    }

    #[test]
    fn a_broker_that_is_away_is_told_later_and_the_token_stays() {
        let mut watch = holding();
        let busy = Happened::BeatFailed(Weight::Passing(Some(seconds(5.0))));
        watch.on(busy, seconds(30.0), 1.0);
        assert_eq!(watch.next(), (Task::Beat, seconds(51.0)));
        assert_eq!(watch.login_at(), seconds(2_400.0));
    }
}

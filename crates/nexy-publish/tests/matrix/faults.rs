//! Every fault by name, what it means, and which requests it can strike.

use crate::harness;
use crate::requests::{Request, Step};
use nexy_standin::{Listener, Reply, error_responses, world::World};
use std::time::Duration;

/// Longer than the tools wait for a silent server.
const LATE: Duration = Duration::from_secs(harness::SHORT_TIMEOUT_S + 1);
/// Longer than a busy machine needs for its next request, and shorter than the pauses before a question is given up.
const BRIEF: Duration = Duration::from_millis(1000);

/// What a fault means for the client. The model is written in these terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing happened, and no answer came.
    Broken,
    /// Nothing happened, and the answer says that it may work later.
    Later,
    /// It happened, and the client does not know: no answer came, or an unclear one.
    Lost,
    /// No answer comes in time, and it happens a moment later.
    Late,
    /// It happened, and the answer says that its name was taken already.
    Taken,
    /// Nothing happened: the token is refused.
    Denied,
    /// Nothing happened: it does not exist.
    Gone,
    /// The answer is cut off.
    Cut,
    /// The answer is complete and holds wrong bytes.
    Garbled,
    /// Nothing happened: the answer redirects to a foreign host.
    Elsewhere,
    /// GitHub does not know the digest.
    NoDigest,
    /// GitHub knows another digest.
    OtherDigest,
    /// The public address serves what it served before.
    Stale,
    /// The upload has its name and no bytes.
    Half,
    /// Other bytes arrived than were sent, without an error.
    Changed,
}

/// One fault.
pub(crate) struct FaultKind {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    pub(crate) strikes: Strikes,
}

/// How a fault is produced.
pub(crate) enum Strikes {
    /// The listener refuses connections when the request is about to come.
    RefusedConnection,
    /// The request gets this reply.
    Reply(fn(&World) -> Reply),
}

/// Whether a fault strikes once, or at every request from there on at the same listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Once,
    Twice,
    FromHereOn,
}

/// All faults.
pub(crate) const FAULTS: &[FaultKind] = &[
    FaultKind { name: "connection refused", class: Class::Broken, strikes: Strikes::RefusedConnection },
    reply("reset before", Class::Broken, |_| Reply::Reset { after: false }),
    reply("reset after", Class::Lost, |_| Reply::Reset { after: true }),
    reply("hang-up before", Class::Broken, |_| Reply::HangupBefore),
    reply("hang-up after", Class::Lost, |_| Reply::HangupAfter),
    reply("stall without effect", Class::Broken, |_| Reply::Silence { after: false }),
    reply("stall with effect", Class::Lost, |_| Reply::Silence { after: true }),
    reply("stall with a late effect", Class::Late, |_| Reply::Stall(LATE)),
    reply("401", Class::Denied, |_| error_responses::bad_token()),
    reply("403 permission", Class::Denied, |_| error_responses::no_permission()),
    reply("403 rate limit", Class::Later, |_| error_responses::allowance_spent(1)),
    reply("403 secondary limit", Class::Later, |_| error_responses::secondary_limit(1)),
    reply("429", Class::Later, |_| error_responses::too_many(1)),
    reply("404", Class::Gone, |_| error_responses::not_found()),
    reply("422 already_exists after a lost answer", Class::Taken, |_| error_responses::already_exists_after()),
    reply("500 without effect", Class::Later, |_| error_responses::server_error(500, false)),
    reply("500 with effect", Class::Lost, |_| error_responses::server_error(500, true)),
    reply("502 without effect", Class::Later, |_| error_responses::server_error(502, false)),
    reply("502 with effect", Class::Lost, |_| error_responses::server_error(502, true)),
    reply("502 and half an upload", Class::Half, |_| Reply::StarterThenStatus(502)),
    reply("truncated body", Class::Cut, |_| Reply::CutAfter(10)),
    reply("wrong bytes", Class::Garbled, |_| Reply::CorruptBytes(0)),
    reply("wrong length", Class::Garbled, |_| Reply::WrongLength),
    reply("oversized body", Class::Garbled, |_| Reply::Oversized(17 << 20)),
    reply("digest null", Class::NoDigest, |_| Reply::DigestNull),
    reply("digest wrong", Class::OtherDigest, |_| Reply::DigestWrong),
    reply("stale public URL", Class::Stale, |_| Reply::Stale),
    reply("redirect to a foreign host", Class::Elsewhere, |world| {
        Reply::RedirectTo(format!("{}/stray", world.standin.url(Listener::Foreign)))
    }),
    reply("other bytes stored", Class::Changed, |_| Reply::ChangedUpload),
];

const fn reply(name: &'static str, class: Class, reply: fn(&World) -> Reply) -> FaultKind {
    FaultKind { name, class, strikes: Strikes::Reply(reply) }
}

impl FaultKind {
    /// Whether this fault can strike that request; the comments give every reason for leaving one out.
    pub(crate) fn applies(&self, request: &Request) -> bool {
        match self.class {
            // A read has no effect, so lost and late are the same as broken.
            Class::Lost | Class::Late => request.is_change(),
            // Only a request that takes a name can find it taken.
            Class::Taken => matches!(request.step, Step::Upload | Step::Park | Step::Retire | Step::GoLive),
            // Only an answer with a body can have a wrong body.
            Class::Cut | Class::Garbled => request.line.response_bytes > 0,
            // Only answers of the API name digests, and the answer to a delete is empty.
            Class::NoDigest | Class::OtherDigest => request.is_api() && request.line.response_bytes > 0,
            // Only the public address can be stale.
            Class::Stale => request.line.listener == "web",
            Class::Half | Class::Changed => request.step == Step::Upload,
            Class::Broken | Class::Later | Class::Denied | Class::Gone | Class::Elsewhere => true,
        }
    }

    /// Whether the server is silent, so that only a timeout helps.
    pub(crate) fn is_silent(&self) -> bool {
        self.name.starts_with("stall")
    }

    /// Every extent that it can have.
    pub(crate) fn extents(&self) -> &'static [Extent] {
        match self.class {
            // Two stale polls pass; an address that stays stale does not.
            Class::Stale => &[Extent::Twice, Extent::FromHereOn],
            // An outage lasts, and so does a revoked token. A lasting silence is the same as a lasting outage, only slower.
            Class::Broken if !self.is_silent() => &[Extent::Once, Extent::FromHereOn],
            Class::Later | Class::Denied | Class::Gone => &[Extent::Once, Extent::FromHereOn],
            _ => &[Extent::Once],
        }
    }

    /// Plants it. The request before it shuts the listener, so that the next connection is refused.
    pub(crate) fn plant(&self, world: &World, request: &Request, extent: Extent) {
        let lasts = extent == Extent::FromHereOn;
        match (&self.strikes, request.preceding) {
            (Strikes::RefusedConnection, None) => world.standin.shut(request.listener, (!lasts).then_some(BRIEF)),
            (Strikes::RefusedConnection, Some((listener, nth))) => {
                let reply = Reply::ThenShut { listener: request.listener, time: (!lasts).then_some(BRIEF) };
                world.standin.fault(nexy_standin::Fault::new(listener, "*", "", reply).nth(nth));
            }
            (Strikes::Reply(reply), _) => {
                let fault = request.fault(reply(world));
                world.standin.fault(match extent {
                    Extent::Once => fault,
                    Extent::Twice => fault.times(2),
                    Extent::FromHereOn => fault.always(),
                });
            }
        }
    }
}

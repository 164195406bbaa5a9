//! Every fault by name, what it means, and the rule that says where it can strike.

use crate::{
    places::{Place, Step},
    site,
};
use nexy_standin::{Reply, error_responses, world::World};
use std::time::Duration;

/// Longer than the tools wait for a silent server.
const LATE: Duration = Duration::from_secs(site::BRISK_S + 1);
/// Longer than a busy machine needs for its next request, and shorter than the pauses before a question is given up.
const BRIEF: Duration = Duration::from_millis(1000);

/// What a fault means for whoever met it. The model speaks of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing happened, and no answer came.
    Broken,
    /// Nothing happened, and the answer says that it may work later.
    Later,
    /// It happened, and nobody was told: no answer came, or one that says nothing.
    Lost,
    /// Nothing is answered in time, and it happens all the same, a moment later.
    Late,
    /// It happened, and the answer says that its name was taken already.
    Taken,
    /// Nothing happened: the token is refused.
    Denied,
    /// Nothing happened: it is not there.
    Gone,
    /// The answer breaks off.
    Cut,
    /// The answer is whole and holds other bytes than it should.
    Garbled,
    /// Nothing happened: the answer leads to somebody else's host.
    Elsewhere,
    /// GitHub does not know the digest.
    NoDigest,
    /// GitHub knows another digest.
    OtherDigest,
    /// The public address leads where it led before.
    Stale,
    /// The upload got its name and no bytes.
    Half,
    /// Other bytes arrived than were sent, and nobody noticed.
    Changed,
}

/// One fault.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    pub(crate) strikes: Strikes,
}

/// How a fault is brought about.
pub(crate) enum Strikes {
    /// The door refuses connections when the request is about to come.
    ShutDoor,
    /// The request gets this reply.
    Reply(fn(&World) -> Reply),
}

/// Whether a fault strikes once, or at every request from there on at the same door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Once,
    Twice,
    FromHereOn,
}

/// All faults.
pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "connection refused", class: Class::Broken, strikes: Strikes::ShutDoor },
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
    reply("redirect to a foreign host", Class::Elsewhere, |world| Reply::RedirectTo(format!("{}/stray", world.standin.foreign_url()))),
    reply("other bytes stored", Class::Changed, |_| Reply::ChangedUpload),
];

const fn reply(name: &'static str, class: Class, reply: fn(&World) -> Reply) -> Kind {
    Kind { name, class, strikes: Strikes::Reply(reply) }
}

impl Kind {
    /// Whether this fault can strike there at all. What is left out here is left out for these reasons and no other.
    pub(crate) fn applies(&self, place: &Place) -> bool {
        match self.class {
            // To read has no effect: lost, late and never are the same.
            Class::Lost | Class::Late => place.is_change(),
            // Only what takes a name can meet a taken one.
            Class::Taken => matches!(place.step, Step::Upload | Step::MakeRoom | Step::Retire | Step::GoLive),
            // Only an answer with a body can have a wrong one.
            Class::Cut | Class::Garbled => place.line.response_bytes > 0,
            // Only the API speaks of digests, and the answer to a deletion says nothing.
            Class::NoDigest | Class::OtherDigest => place.is_api() && place.line.response_bytes > 0,
            // Only the public address can be stale.
            Class::Stale => place.line.listener == "web",
            Class::Half | Class::Changed => place.step == Step::Upload,
            Class::Broken | Class::Later | Class::Denied | Class::Gone | Class::Elsewhere => true,
        }
    }

    /// Whether nobody says anything, so that only patience that ends helps.
    pub(crate) fn is_silent(&self) -> bool {
        self.name.starts_with("stall")
    }

    /// How long it lasts, in every way in which it can.
    pub(crate) fn extents(&self) -> &'static [Extent] {
        match self.class {
            // Two polls that are stale pass; a stale address for ever does not.
            Class::Stale => &[Extent::Twice, Extent::FromHereOn],
            // An outage, and a token that was withdrawn. What is silent for ever is the same as what is broken, only slower.
            Class::Broken if !self.is_silent() => &[Extent::Once, Extent::FromHereOn],
            Class::Later | Class::Denied | Class::Gone => &[Extent::Once, Extent::FromHereOn],
            _ => &[Extent::Once],
        }
    }

    /// Plants it. A door is shut by the request before, so that the next connection is refused.
    pub(crate) fn plant(&self, world: &World, place: &Place, extent: Extent) {
        let lasts = extent == Extent::FromHereOn;
        match (&self.strikes, place.preceding) {
            (Strikes::ShutDoor, None) => world.standin.shut(place.door, (!lasts).then_some(BRIEF)),
            (Strikes::ShutDoor, Some((door, nth))) => {
                let reply = Reply::ThenShut { listener: place.door, time: (!lasts).then_some(BRIEF) };
                world.standin.fault(nexy_standin::Fault::new(door, "*", "", reply).nth(nth));
            }
            (Strikes::Reply(reply), _) => {
                let fault = place.fault(reply(world));
                world.standin.fault(match extent {
                    Extent::Once => fault,
                    Extent::Twice => fault.times(2),
                    Extent::FromHereOn => fault.always(),
                });
            }
        }
    }
}

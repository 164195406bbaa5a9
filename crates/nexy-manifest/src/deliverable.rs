//! What a manifest must be before it is sent to the VM without a record, and before the VM takes it.

use nexy_contract::{
    Exit, Fix, Problem,
    manifest::{
        ManifestFacts,
        one_artifact::{Evidence, Pair},
        rule::Rule,
    },
};
use nexy_outside::{Common, Secret, Workspace, clock, frame::published, net::live_asset};

/// Refuses a manifest that clients could not follow: each field must keep the rule, size and digest must be those of what the public URL
/// serves now, and its version must be the one under which these bytes were published.
///
/// # Errors
/// What `refuse` makes of a no, and exit 69 for what cannot be known.
pub(crate) fn judge(
    workspace: &Workspace,
    text: &[u8],
    token: Option<Secret>,
    common: &Common,
    refuse: &dyn Fn(String) -> Problem,
) -> Result<ManifestFacts, Problem> {
    let row = workspace.target.feed_artifact().ok_or_else(|| {
        let fix = Fix::note("correct nexy.toml");
        Problem::new(Exit::BadTarget, "no manifest is delivered", "nexy.toml has no artifact with `feed = true`", fix)
    })?;
    let url = workspace.target.public_url(row);
    let faults = Rule::new(&workspace.target, &url, row.kind.word(), clock::now()).faults(text);
    if !faults.is_empty() {
        return Err(refuse(faults.into_iter().map(|fault| fault.said).collect::<Vec<_>>().join("; ")));
    }
    let facts = ManifestFacts::read(text).map_err(|error| refuse(error.to_string()))?;
    let length = live_asset::length(&workspace.target, row)?;
    if length != facts.size_bytes {
        return Err(refuse(format!("it announces {} bytes, {url} serves {length}", facts.size_bytes)));
    }
    let asset = live_asset::listed(&workspace.target, row, token);
    let served = live_asset::digest(&workspace.target, row, length, asset.as_ref().ok().and_then(Option::as_ref), common)?;
    if served != facts.sha256 {
        return Err(refuse(format!("it announces the bytes {}, {url} serves {served}", facts.sha256)));
    }
    let mut evidence = Evidence::default();
    match &asset {
        Ok(asset) => published::add(&mut evidence, asset.as_ref()),
        Err(problem) => common.note(&format!("unknown: the version that GitHub's label gives these bytes: {}", problem.message())),
    }
    let pair = Pair { version: facts.version, sha256: facts.sha256 };
    let answer = evidence.judge(pair);
    if !answer.passes() {
        let fix = Fix::note("on the laptop:").then(answer.fix);
        return Err(refuse(answer.found).doing(fix));
    }
    if !workspace.target.signature.public_keys.is_empty() {
        common.note("unknown: whether the manifest's signature is right; `nexy-verify live-artifact` verifies it over all bytes");
    }
    Ok(facts)
}

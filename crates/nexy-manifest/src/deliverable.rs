//! What a manifest must be before it is sent to the VM without a record, before the VM takes it, and before it is pushed.

use nexy_contract::{
    Exit, Fix, Problem,
    manifest::{
        ManifestFacts,
        one_artifact::{Evidence, Pair},
        rule::Rule,
    },
};
use nexy_outside::{
    Common, Secret, Workspace, clock,
    frame::{manifests, published},
    net::{live_asset, token},
};

/// The workspace's own manifest, which must be one, sound, and about what is live.
///
/// # Errors
/// Exit 1 for a no, exit 69 for what cannot be known.
pub(crate) fn own(workspace: &Workspace, not_done: &str, common: &Common) -> Result<(Vec<u8>, ManifestFacts), Problem> {
    let refuse = |because: String| {
        let fix = Fix::note("bring the workspace up to date with git, then see what is wrong:").then_command("nexy-manifest check");
        Problem::new(Exit::No, not_done, because, fix)
    };
    let unreadable = Fix::note("make it readable, then run the same command again");
    let mut found = manifests::read_all(workspace).map_err(|error| error.problem(Exit::CouldNotLook, unreadable))?.into_iter();
    let first = found.next().and_then(|first| Some((first.path, first.bytes?)));
    let (path, bytes) = first.ok_or_else(|| refuse("the workspace has no manifest".to_owned()))?;
    if let Some(other) = found.find(|other| other.bytes.as_ref() != Some(&bytes)) {
        return Err(refuse(format!("{path} and {} differ", other.path)));
    }
    let token = token::find(&workspace.target).ok().map(|token| token.secret);
    let facts = judge(workspace, &bytes, token, common, &|because| refuse(format!("{path}: {because}")))?;
    Ok((bytes, facts))
}

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

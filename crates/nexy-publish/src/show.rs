//! `show`: what lies on every channel, and nothing more.

use crate::{
    channel::{self, Channel},
    patience::Patience,
};
use nexy_contract::{Exit, Problem, Sha256Digest, text::printable};
use nexy_outside::{
    Common, Format, Workspace, cli,
    github::{Asset, Github},
    http::Http,
    stdio, token,
};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    channels: Vec<ShownChannel>,
}

#[derive(Serialize)]
struct ShownChannel {
    channel: String,
    artifact: String,
    url: String,
    live: Option<ShownAsset>,
    previous: Option<ShownAsset>,
    staged: Vec<ShownAsset>,
    others: Vec<ShownAsset>,
}

#[derive(Serialize)]
struct ShownAsset {
    asset_id: u64,
    name: String,
    label: Option<String>,
    state: String,
    size_bytes: u64,
    sha256: Option<Sha256Digest>,
    updated_at: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let target = &workspace.target;
    let http = Http::new(&target.limits)
        .map_err(|error| Problem::new(Exit::CouldNotLook, "cannot reach GitHub", error.to_string(), error.fix()))?;
    // Public releases can be read without a token; with one the limits are wider.
    let github = Github::new(&http, target, token::find(target).ok().map(|token| token.secret));
    let patience = Patience::new(0);
    let mut channels = Vec::new();
    for row in &target.artifacts {
        let what = || format!("cannot look at the channel {}", row.channel);
        let release = patience.ask(|| github.release(&row.channel)).map_err(|error| error.problem(what()))?;
        let Some(release) = release else {
            return Err(Problem::new(
                Exit::No,
                what(),
                format!("{} has no release `{}` that can be seen", target.repositories.artifacts, row.channel),
                format!(
                    "create the fixed release once by hand: gh release create {} -R {} --title {0} --notes ''",
                    row.channel, target.repositories.artifacts
                ),
            ));
        };
        let assets = patience.ask(|| github.assets(release.id)).map_err(|error| error.problem(what()))?;
        channels.push(shown(channel::sort(&row.name, assets), &row.channel, &row.name, target.public_url(row)));
    }
    let shown = Shown { schema: "nexy.channels/1", channels };
    let document = match common.format()? {
        Format::Json => cli::json(&shown)?,
        Format::Text | Format::Tap => shown.channels.iter().map(text).collect(),
    };
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

fn shown(channel: Channel, tag: &str, artifact: &str, url: String) -> ShownChannel {
    ShownChannel {
        channel: tag.to_owned(),
        artifact: artifact.to_owned(),
        url,
        live: channel.live.map(asset),
        previous: channel.previous.map(asset),
        staged: channel.staged.into_iter().map(asset).collect(),
        others: channel.others.into_iter().map(asset).collect(),
    }
}

fn asset(asset: Asset) -> ShownAsset {
    ShownAsset {
        asset_id: asset.id,
        sha256: asset.sha256(),
        name: asset.name,
        label: asset.label,
        state: asset.state,
        size_bytes: asset.size,
        updated_at: asset.updated_at,
    }
}

fn text(channel: &ShownChannel) -> String {
    let mut lines = format!("{}  {}\n", channel.channel, channel.url);
    let mut line = |place: &str, asset: &ShownAsset| {
        let digest = asset.sha256.map_or_else(|| "no digest".to_owned(), |sha256| format!("sha256 {}", sha256.short()));
        let label = asset.label.as_deref().unwrap_or("no label");
        let when = asset.updated_at.as_deref().unwrap_or("?");
        let state = if asset.state == "uploaded" { String::new() } else { format!("  STATE {}", printable(&asset.state)) };
        lines += &format!(
            "  {place:<9} {}  [{}]  {} bytes  {digest}  {}{state}\n",
            printable(&asset.name),
            printable(label),
            asset.size_bytes,
            printable(when)
        );
    };
    for (place, asset) in [("live", &channel.live), ("previous", &channel.previous)] {
        if let Some(asset) = asset {
            line(place, asset);
        }
    }
    channel.staged.iter().for_each(|asset| line("staged", asset));
    channel.others.iter().for_each(|asset| line("other", asset));
    if channel.live.is_none() {
        lines += "  live      NOTHING: users get 404; publish again at once\n";
    }
    lines
}

//! The story of `show`: prints what lies on every channel, and changes nothing.

use crate::{plan::channel, session, steps::inspect};
use nexy_contract::{
    Exit, Problem,
    channels::{Channels, SCHEMA, ShownAsset, ShownChannel},
    target_file::ArtifactRow,
    text::{printable, short_span},
    wrap::COLUMNS,
};
use nexy_outside::{
    Common, Format, Workspace,
    frame::{options, stdio},
};

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let target = &workspace.target;
    let format = common.format()?;
    // Public releases can be read without a token; with one the limits are wider.
    let channels = session::within(target, common, [], true, |session| {
        let show = |row: &ArtifactRow| {
            let release = inspect::release_in_any_state(session, row)?;
            let what = || format!("cannot list the channel {}", row.channel);
            let channel = session.list(&release, &row.name).map_err(|error| error.problem(what()))?;
            Ok(channel::shown(&channel, row, target.public_url(row)))
        };
        target.artifacts.iter().map(show).collect::<Result<Vec<_>, Problem>>()
    })?;
    let shown = Channels { schema: SCHEMA.to_owned(), channels };
    let document = match format {
        Format::Json => options::json(&shown)?,
        Format::Text | Format::Tap => shown.channels.iter().map(text).collect(),
    };
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

/// Two lines for each channel and two lines for each asset, in 80 columns.
fn text(channel: &ShownChannel) -> String {
    let mut lines = vec![channel.channel.clone(), format!("  {}", channel.url)];
    let single = [("live", &channel.live), ("previous", &channel.previous)];
    let mut all: Vec<(&str, &ShownAsset)> = single.into_iter().filter_map(|(place, asset)| Some((place, asset.as_ref()?))).collect();
    for (place, assets) in
        [("staged", &channel.staged), ("bad", &channel.bad), ("leftover", &channel.leftovers), ("other", &channel.others)]
    {
        all.extend(assets.iter().map(|asset| (place, asset)));
    }
    if channel.live.is_none() {
        lines.push("  live      NOTHING: users get 404; publish again at once".to_owned());
    }
    for (place, asset) in all {
        let known = asset.version.map(|version| version.to_string());
        let version =
            known.unwrap_or_else(|| asset.label.as_ref().map_or("no label".to_owned(), |label| format!("[{}]", printable(label))));
        let digest = asset.sha256.map_or_else(|| "no digest".to_owned(), |sha256| format!("sha256 {}", sha256.short()));
        let state = if asset.state == "uploaded" { String::new() } else { format!("  STATE {}", printable(&asset.state)) };
        lines.push(format!("  {place:<9} {}  {version}{state}", printable(&asset.name)));
        lines.push(format!("            asset {}, {} bytes, {digest}, {}", asset.asset_id, asset.size_bytes, age(asset.age_s)));
    }
    lines.iter().map(|line| cut(line) + "\n").collect()
}

/// Cuts a line to the width of the screen, since labels of other people may be long. An address stays whole, to be copied.
fn cut(line: &str) -> String {
    if line.chars().count() <= COLUMNS || line.contains("://") {
        return line.to_owned();
    }
    line.chars().take(COLUMNS - 1).chain(['…']).collect()
}

fn age(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| "age unknown".to_owned(), |seconds| format!("{} old", short_span(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_the_screen_however_long_names_and_labels_are() {
        let asset = |name: &str, label: &str| ShownAsset {
            asset_id: u64::MAX,
            name: name.into(),
            version: None,
            label: Some(label.into()),
            state: "open".into(),
            size_bytes: 2_147_483_647,
            sha256: Some(nexy_contract::Sha256Digest::of(b"")),
            age_s: Some(i64::MAX),
        };
        let channel = ShownChannel {
            channel: "Fixed".into(),
            artifact: "A.dmg".into(),
            url: "https://host.example/A.dmg".into(),
            at: None,
            live: None,
            previous: Some(asset("A.prev.dmg", "Ä".repeat(90).as_str())),
            staged: vec![],
            bad: vec![],
            leftovers: vec![asset("A.next-0123456789ab.dmg", "A.dmg 1.2.3.4 (upload 0123456789ab)")],
            others: vec![asset(&"x".repeat(100), "\u{1b}[2J")],
        };
        let text = text(&channel);
        assert!(text.contains("NOTHING: users get 404") && !text.contains('\u{1b}'), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
    }
}

//! Runs the commands that the tool has printed, as an operator would.

use crate::{case::Seen, harness::ADDRESSES};
use nexy_standin::world::{ARTIFACTS, World};

/// Does what every printed `gh api -X PATCH …` of the outcome asks for, or says what is wrong with it. Returns their number.
pub(crate) fn renames(world: &World, seen: &Seen) -> Result<usize, String> {
    let next = seen.outcome().and_then(|outcome| outcome["next"].as_array()).map_or(&[][..], Vec::as_slice);
    let mut done = 0;
    for command in next.iter().filter_map(|line| line["command"].as_str()?.strip_prefix("gh api -X PATCH ")) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (Some(path), Some("-f"), Some(field)) = (words.first(), words.get(1).copied(), words.get(2)) else {
            return Err(format!("`gh api -X PATCH {command}` is not a rename"));
        };
        let id = path.strip_prefix(&format!("repos/{ARTIFACTS}/releases/assets/")).and_then(|id| id.parse::<u64>().ok());
        let (Some(id), Some(name)) = (id, field.strip_prefix("name=")) else {
            return Err(format!("`{path} {field}` names no asset or no name"));
        };
        let channels = ADDRESSES.map(|address| (address.channel, world.standin.assets(ARTIFACTS, address.channel)));
        let found = channels.iter().find_map(|(channel, assets)| Some((channel, assets, assets.iter().find(|asset| asset.id == id)?)));
        let Some((channel, assets, asset)) = found else {
            return Err(format!("asset {id} of the printed command does not exist"));
        };
        if assets.iter().any(|other| other.name == name && other.id != id) {
            return Err(format!("the printed command takes the name {name}, which another asset has"));
        }
        world.standin.rename_asset(ARTIFACTS, channel, &asset.name, name);
        done += 1;
    }
    Ok(done)
}

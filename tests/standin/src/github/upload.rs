//! The upload host: streams a body into an asset and refuses what GitHub refuses.

use super::store::{AssetInfo, Release};
use super::{answers, assets, names};
use crate::connection::RequestBody;
use crate::disk;
use crate::fault::Reply;
use crate::http::{Framing, Request, Response};
use crate::state::State;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};

const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
const MOST_ASSETS: usize = 1000;

/// Answers one upload.
pub(crate) fn answer(state: &State, request: &Request, body: &mut RequestBody<'_, '_>, fault: Option<&Reply>) -> Response {
    let response = answers::refusal(state, request, true).unwrap_or_else(|| route(state, request, body, fault));
    answers::of_the_upload_host(state, request, response)
}

fn route(state: &State, request: &Request, body: &mut RequestBody<'_, '_>, fault: Option<&Reply>) -> Response {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ("POST", ["repos", owner, name, "releases", id, "assets"]) = (request.method.as_str(), segments.as_slice()) else {
        return answers::not_found().unscripted();
    };
    let opened = open(state, request, &format!("{owner}/{name}"), id);
    let (release, asset, length) = match opened {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    if let Some(Reply::StarterThenStatus(status)) = fault {
        return answers::message(*status, "Server Error").about(asset.id);
    }
    receive(state, &release, asset, length, body, fault == Some(&Reply::ChangedUpload))
}

/// Judges the head of an upload and takes the name.
fn open(state: &State, request: &Request, repository: &str, id: &str) -> Result<(Release, AssetInfo, u64), Response> {
    let mut store = state.store();
    let release = id.parse().ok().and_then(|id| store.release_by_id(repository, id)).ok_or_else(answers::not_found)?;
    if release.immutable {
        return Err(assets::immutable());
    }
    let length = match request.framing {
        Framing::Length(length) => length,
        Framing::Chunked => {
            return Err(answers::message(400, "Bad Content-Length: chunked is refused"));
        }
        Framing::None => return Err(answers::message(411, "Content-Length required")),
    };
    let content_type =
        request.header("content-type").filter(|kind| !kind.is_empty()).ok_or_else(|| answers::message(400, "Content-Type required"))?;
    let asked = request.parameter("name").filter(|name| !name.is_empty()).ok_or_else(|| answers::invalid("missing_field", "name", None))?;
    if length == 0 {
        return Err(answers::invalid("custom", "size", Some("size must not be 0")));
    }
    if length >= LARGEST {
        let text = "size must be less than 2147483648";
        return Err(answers::invalid("custom", "size", Some(text)));
    }
    let name = names::as_github_names_it(asked);
    let there = store.assets(&release);
    if there.iter().any(|asset| asset.name == name) {
        return Err(answers::invalid("already_exists", "name", None));
    }
    if there.len() >= MOST_ASSETS {
        let text = "file_count limited to 1000 assets";
        return Err(answers::invalid("custom", "file_count", Some(text)));
    }
    let label = request.parameter("label");
    let asset = store.open_asset(&release, &name, label, content_type);
    Ok((release, asset, length))
}

/// Takes the bytes in pieces; a body that ends early leaves a `starter` asset, as on GitHub.
fn receive(
    state: &State,
    release: &Release,
    mut asset: AssetInfo,
    length: u64,
    body: &mut RequestBody<'_, '_>,
    is_changed: bool,
) -> Response {
    let path = state.store().bytes_of(&asset);
    let mut file = File::create(&path).unwrap();
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut arrived = 0;
    while let Ok(count @ 1..) = body.read(&mut buffer) {
        if is_changed && arrived == 0 {
            buffer[0] = !buffer[0];
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).unwrap();
        arrived += count as u64;
    }
    if arrived < length {
        return answers::message(400, "Bad Request").about(asset.id);
    }
    asset.size = length;
    "uploaded".clone_into(&mut asset.state);
    asset.digest = Some(format!("sha256:{}", disk::hexadecimal(&hasher.finalize())));
    let mut store = state.store();
    if store.asset(&release.repository, asset.id).is_none() {
        // The starter was deleted meanwhile: the upload must not bring back an asset without its bytes.
        return answers::not_found().about(asset.id);
    }
    store.save(&asset);
    drop(store);
    let body = answers::asset(state, release, &asset);
    let address = body["url"].as_str().unwrap().to_owned();
    Response::json(201, &body).with("Location", &address).about(asset.id)
}

//! One publication, with its memory and its calls; and the same work as a careful person types it.

use crate::memory;
use nexy_standin::world::{ARTIFACTS, Options, World};
use nexy_standin::{Listener, TOKEN, artifact, client};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(600);

/// What one publication took.
pub(crate) struct Publication {
    pub(crate) took: Duration,
    pub(crate) peak_bytes: u64,
    /// API calls that came while users had no download: the one that gave it back included.
    pub(crate) calls_without_download: usize,
}

fn world(tools: &Path, size_mib: u64) -> World {
    World::with(&Options {
        dmg_bytes: size_mib << 20,
        pkg_bytes: None,
        tools: Some(tools.to_owned()),
        short_waits: false,
        ..Options::on_disk()
    })
}

/// `nexy-publish -`, from a record whose gates have passed.
pub(crate) fn ours(tools: &Path, size_mib: u64) -> Publication {
    publication_in(&world(tools, size_mib))
}

/// The same with an artifact that takes no room in the inbox and has a small predecessor.
pub(crate) fn ours_of_a_sparse_file(tools: &Path, size_mib: u64) -> Publication {
    let world = world(tools, 1);
    artifact::write_sparse_dmg(&world.inbox("Nexy.dmg"), size_mib << 20);
    world.write_build_receipt("Nexy.dmg");
    publication_in(&world)
}

fn publication_in(world: &World) -> Publication {
    world.standin.watch(ARTIFACTS, "Update", "Nexy.dmg");
    let pipeline = "nexy-version --target \"$NEXY_TARGET\" record | nexy-gate --target \"$NEXY_TARGET\" before-publish -";
    let record = world.shell(pipeline).deadline(PATIENCE).run().exits(0).stdout_bytes.clone();
    let begun = Instant::now();
    let publish = world.tool("nexy-publish").arg("-").stdin(record).deadline(PATIENCE).spawn();
    let process = publish.id();
    let peak = Arc::new(AtomicU64::new(0));
    let ended = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (peak, ended) = (Arc::clone(&peak), Arc::clone(&ended));
        thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                peak.fetch_max(memory::peak(process).unwrap_or(0), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
            }
        })
    };
    let ran = publish.wait();
    let took = begun.elapsed();
    ended.store(true, Ordering::SeqCst);
    watcher.join().unwrap();
    ran.exits(0);
    let requests = world.standin.requests();
    let came_without = requests.iter().filter(|line| line.listener == "api" && line.watched_before == [None]);
    Publication { took, peak_bytes: peak.load(Ordering::SeqCst), calls_without_download: came_without.count() }
}

/// Hash it, upload it, download it, hash what came.
pub(crate) fn careful(tools: &Path, size_mib: u64) -> Duration {
    let world = world(tools, size_mib);
    let release = client::get(&format!("{}/repos/{ARTIFACTS}/releases/tags/Update", world.standin.api_url())).json();
    let upload = format!("{}/repos/{ARTIFACTS}/releases/{}/assets?name=Careful.dmg", world.standin.url(Listener::Uploads), release["id"]);
    let download = format!("{}/{ARTIFACTS}/releases/download/Update/Careful.dmg", world.standin.web_url());
    let script = format!(
        "set -e\n\
         openssl dgst -sha256 release_inbox/Nexy.dmg\n\
         curl -fsS -o /dev/null -X POST -T release_inbox/Nexy.dmg -H 'Authorization: Bearer {TOKEN}' -H 'Expect:' \\\n\
         -H 'Content-Type: application/octet-stream' '{upload}'\n\
         curl -fsSL '{download}' | openssl dgst -sha256\n"
    );
    let begun = Instant::now();
    let ran = world.shell(&script).deadline(PATIENCE).run();
    let took = begun.elapsed();
    let digests: Vec<&str> = ran.exits(0).stdout.lines().filter_map(|line| line.rsplit("= ").next()).collect();
    assert!(digests.len() == 2 && digests[0] == digests[1], "{ran}");
    took
}

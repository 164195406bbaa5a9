//! Rehearses a whole release against the stand-ins: real bytes, real HTTP, real hashing, no real credentials.
//!
//! `nexy-rehearse --tools DIR [--size-mib N] [--evidence DIR] [--keep]`
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test support: a broken double must stop the rehearsal loudly")]

mod arguments;
mod look;
mod show;
mod stage;
mod walk;

use arguments::Arguments;
use nexy_standin::world::{Options, World};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use stage::Rehearsal;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(text) => {
            say(&format!("nexy-rehearse: {text}\n{}", arguments::USAGE));
            return ExitCode::from(2);
        }
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).unwrap();
    }
    let begun = Instant::now();
    let mut folder = tempfile::Builder::new().prefix("nexy-rehearsal-").tempdir().unwrap();
    if !arguments.keep {
        clean_up_after_a_panic(folder.path().to_owned());
    }
    tempfile::env::override_temp_dir(folder.path()).unwrap();
    let mut world = World::with(&Options {
        dmg_bytes: arguments.size_mib * 1024 * 1024,
        pkg_bytes: Some(1024 * 1024),
        tools: Some(arguments.tools.clone()),
        short_waits: false,
        ..Options::on_disk()
    });
    if arguments.keep {
        folder.disable_cleanup(true);
        say(&format!("everything stays in {}", world.keep().display()));
    }
    let mut rehearsal = Rehearsal::new(&world, Arc::clone(&interrupted), begun);
    let end = walk::whole_release(&mut rehearsal, &arguments);
    drop(rehearsal);
    drop(world);
    match end {
        Ok(()) => {
            say(&show::complete(begun.elapsed()));
            ExitCode::SUCCESS
        }
        Err(_) if interrupted.load(Ordering::SeqCst) => {
            say("\ninterrupted: everything was cleaned up");
            ExitCode::from(130)
        }
        Err(text) => {
            say(&text);
            ExitCode::FAILURE
        }
    }
}

/// A closed terminal must not keep the rehearsal from cleaning up.
fn say(text: &str) {
    let _closed = writeln!(io::stdout(), "{text}");
}

/// The release profile aborts on a panic, so nothing is dropped then; and a full disk is the person's to mend.
fn clean_up_after_a_panic(folder: PathBuf) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        let full = panic.payload_as_str().is_some_and(|text| text.contains("StorageFull"));
        let below = folder.parent().unwrap_or(&folder).display();
        let advice = if full {
            format!("no space left in {below}\n  do: TMPDIR=/a/folder/with/2/GB make rehearse")
        } else {
            "a stand-in broke".to_owned()
        };
        say(&format!("\nREHEARSAL FAILED: {advice}"));
        let _best_effort = std::fs::remove_dir_all(&folder);
    }));
}

//! `python-deps` against a real venv with real pip and wheels, and a runtime that is really older than its stubs.

use crate::vm::{self, asked};
use crate::{holds, said, tells, world};
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::World;
use std::{fs, path::PathBuf};

const GATE: &str = "python-deps";
const REQUIREMENTS: &str = "server/requirements.txt";
const STUB: &str = "server/modules/grpc_service/streaming_pb2.py";

/// A world whose VM has a real venv; says loudly when there is none to be had.
fn real(test: &str) -> Option<World> {
    let world = world();
    match world.vm_venv() {
        Ok(()) => Some(world),
        Err(because) => {
            skipped(test, &because, Need::Other("python3-venv (sudo apt-get install python3-venv) and a package index that pip reaches"));
            None
        }
    }
}

fn site(world: &World) -> PathBuf {
    let lib = world.vm_path("venv/lib");
    let python = fs::read_dir(lib).expect("the venv").next().expect("a Python").expect("its name");
    python.path().join("site-packages")
}

/// The one folder of metadata that a package has.
fn metadata(world: &World, name: &str) -> PathBuf {
    let start = format!("{name}-");
    let is_it =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&start) && name.ends_with(".dist-info"));
    fs::read_dir(site(world)).expect("the packages").flatten().find(is_it).expect("its metadata").path()
}

#[test]
fn a_real_venv_that_fits_passes_and_nothing_is_written_into_the_checkout() {
    let Some(world) = real("a_real_venv_that_fits_passes") else { return };
    let finding = asked(&world, GATE, 0);
    for said in [
        "pip has nothing to install for server/requirements.txt and 4 pins",
        "pip check finds nothing",
        "streaming_pb2.py imports",
        "streaming_pb2_grpc.py imports",
    ] {
        holds(&finding, "found", said);
    }
    assert!(!world.vm_path("server/modules/grpc_service/__pycache__").exists());
}

#[test]
fn whatever_pip_reads_is_followed() {
    let Some(world) = real("whatever_pip_reads_is_followed") else { return };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    fs::write(world.vm_path(REQUIREMENTS), utf16("\u{feff}-r more/base.txt\r\naiohttp # the server\r\n")).expect("the file");
    let hash = format!("sha256:{}", "0".repeat(64));
    let base = format!(
        "--index-url https://${{TOKEN}}@index.example/simple\n-c ../limits.txt\nmultidict \\\n    --hash={hash}\n\
         colorama==0.4.6 ; python_version >= \"3.9\" and (platform_system == \"Windows\" or \"win\" == sys_platform)\n"
    );
    world.write_vm("server/more/base.txt", &base);
    world.write_vm("server/limits.txt", "protobuf<7\nnever-installed==1.0\n");
    asked(&world, GATE, 0);
    world.write_vm("server/limits.txt", "protobuf<6\n");
    holds(&asked(&world, GATE, 1), "found", "conflicting dependencies");
}

#[test]
fn a_runtime_that_is_older_than_the_stubs_is_the_real_version_error() {
    let Some(world) = real("a_runtime_that_is_older_than_the_stubs_is_the_real_version_error") else { return };
    world.downgrade_protobuf();
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "no installed version fits protobuf<7,>=6.31.1; protobuf is 5.29.5");
    holds(&finding, "found", "runtime_version.VersionError: Detected ");
    let command = format!("{} -m pip install --upgrade 'protobuf>=6.31.1,<7' ", world.vm_path("venv/bin/python3").display());
    holds(&finding, "fix", &command);
    holds(&finding, "fix", "sudo -u ");
}

#[test]
fn what_an_extra_or_an_installed_package_misses_is_a_no() {
    let Some(world) = real("what_an_extra_or_an_installed_package_misses_is_a_no") else { return };
    world.write_vm(REQUIREMENTS, "aiohttp[speedups]\n");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "(from aiohttp[speedups])");
    holds(&finding, "found", "is not installed");
    world.write_vm(REQUIREMENTS, "protobuf\n");
    fs::remove_dir_all(metadata(&world, "multidict")).expect("the metadata");
    tells(&asked(&world, GATE, 1), "requires multidict, which is not installed", "-m pip install --upgrade -r ");
}

#[test]
fn a_venv_without_pip_is_unknown_and_says_how_to_get_it() {
    let Some(world) = real("a_venv_without_pip_is_unknown_and_says_how_to_get_it") else { return };
    fs::remove_dir_all(site(&world).join("pip")).expect("pip");
    tells(&asked(&world, GATE, 69), "the venv has no pip", "-m ensurepip --upgrade");
}

#[test]
fn a_stub_that_is_broken_is_a_no_and_one_that_is_killed_is_unknown() {
    let Some(world) = real("a_stub_that_is_broken_is_a_no_and_one_that_is_killed_is_unknown") else { return };
    for (text, code, said) in [
        ("get_config()\n", 1, "NameError: name 'get_config' is not defined"),
        ("import sys\nsys.exit(0)\n", 1, "it ended the program"),
        ("import os\nos.kill(os.getpid(), 9)\n", 69, "python ended with 137"),
        (&format!("raise RuntimeError('API_KEY={} is wrong')\n", vm::SECRET), 1, "(a line that may hold a value)"),
    ] {
        world.write_vm(STUB, text);
        holds(&asked(&world, GATE, code), "found", said);
    }
}

#[test]
fn the_units_user_imports_and_nobody_else() {
    let Some(world) = real("the_units_user_imports_and_nobody_else") else { return };
    if !vm::is_root(&world, "the_units_user_imports_and_nobody_else") {
        return;
    }
    let account = vm::serve_as_another_user(&world);
    asked(&world, GATE, 0);
    world.write_vm(STUB, "import os\nraise RuntimeError('uid %d, groups %s' % (os.getuid(), os.getgroups()))\n");
    holds(&asked(&world, GATE, 1), "found", &format!("RuntimeError: uid {}, groups [{}]", account.uid, account.gid));
    let ran = vm::ask_as_a_stranger(&world, GATE);
    ran.exits(69).says("could not be imported");
    assert!(!said(&ran).contains("uid 0"), "{ran}");
    vm::set_mode(&world.vm_path(REQUIREMENTS), 0o600);
    world.write_vm(STUB, "");
    holds(&asked(&world, GATE, 69), "found", "Could not open requirements file: [Errno 13] Permission denied");
}

#[test]
fn a_line_that_fetches_or_leads_away_is_unknown_and_a_missing_file_is_a_no() {
    let world = world();
    world.write("private.txt", "aiohttp\n");
    let outside = world.workspace().join("private.txt");
    std::os::unix::fs::symlink(&outside, world.vm_path("server/link.txt")).expect("a link");
    for (text, code, said) in [
        ("aiohttp\n-r base.txt\n", 1, "server/requirements.txt:2: server/base.txt does not exist"),
        ("x @ https://x.example/x.whl\n", 69, "server/requirements.txt:1: names a place or a variable"),
        ("-c link.txt\n", 69, "server/requirements.txt:1: server/link.txt is a path that leads out of the checkout"),
        ("aiohttp==${VERSION}\n", 69, "cannot determine whether it is installed"),
    ] {
        world.write_vm(REQUIREMENTS, text);
        holds(&asked(&world, GATE, code), "found", said);
    }
    fs::remove_file(world.vm_path(REQUIREMENTS)).expect("the file");
    tells(&asked(&world, GATE, 1), "server/requirements.txt does not exist", "checkout HEAD -- server/requirements.txt");
}

#[test]
fn a_python_that_is_no_venv_is_never_a_yes() {
    let one = world();
    // Packages of the system count when the venv lets them in: pip itself says what is there.
    fs::write(one.vm_path("venv/pyvenv.cfg"), "include-system-site-packages = true\n").expect("the file");
    asked(&one, GATE, 0);
    fs::remove_file(one.vm_path("venv/pyvenv.cfg")).expect("the file");
    holds(&asked(&one, GATE, 69), "found", "is not a venv's");
    fs::remove_file(one.vm_path("venv/bin/python3")).expect("the program");
    tells(&asked(&one, GATE, 1), "venv/bin/python3 does not exist", "python3 -m venv ");
    one.set_target("service", "user", "\"nobody-of-that-name\"");
    holds(&asked(&one, GATE, 1), "found", "this machine has no user nobody-of-that-name");
}

#[test]
fn pip_is_asked_offline_about_every_pin_and_the_requirements_of_the_checkout() {
    let world = world();
    let (python, told) = (world.vm_path("venv/bin/python3"), world.root().join("told"));
    fs::rename(&python, world.vm_path("venv/bin/real")).expect("the stand-in");
    fs::write(&told, "").expect("a file for all");
    vm::set_mode(&told, 0o666);
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >>'{}'\nexec /bin/sh \"${{0%/python3}}/real\" \"$@\"\n", told.display());
    nexy_standin::programs::write_program(&python, &script);
    asked(&world, GATE, 0);
    let told = fs::read_to_string(told).expect("what it was asked");
    let asked = told.lines().find(|line| line.contains("--report=-")).expect("pip was asked");
    let requirements = world.vm_path(REQUIREMENTS).display().to_string();
    let pins = ["protobuf>=6.31.1,<7", "grpcio>=1.75.1,<2", "grpcio-tools>=1.75.1,<2", "grpcio-status>=1.75.1,<2"];
    for word in ["--no-index", "--dry-run", "--isolated", requirements.as_str()].iter().chain(&pins) {
        assert!(asked.contains(word), "{word}: {asked}");
    }
}

//! A PostgreSQL of these tests alone: its socket stands where the scripts look for the local server, in a mount namespace of their own.

use nexy_standin::{
    skip::{Need, skipped},
    world::{Ran, World},
};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

const AS_POSTGRES: &[&str] = &["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"];

/// One running server; it ends with the process that has started the tests.
struct Cluster {
    sockets: PathBuf,
    programs: PathBuf,
}

/// A database in it, with the world whose nexy.toml names it.
pub(crate) struct Database {
    cluster: &'static Cluster,
    pub(crate) world: World,
    pub(crate) name: String,
    pub(crate) role: String,
}

impl Database {
    /// One whose tables belong to the server's account, as an unprotected one has them; or it is said loudly why there is none.
    pub(crate) fn make(test: &str) -> Option<Self> {
        static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let cluster = match CLUSTER.get_or_init(start) {
            Ok(cluster) => cluster,
            Err(because) => {
                skipped(test, because, Need::Other("root with PostgreSQL (sudo apt-get install postgresql)"));
                return None;
            }
        };
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (name, role) = (format!("shop_{number}"), format!("server_{number}"));
        let world = World::new();
        world.set_target("database", "name", &format!("\"{name}\""));
        world.set_target("database", "role", &format!("\"{role}\""));
        world.set_target("database", "owner", &format!("\"owner_{number}\""));
        let made = Self { cluster, world, name, role };
        made.sql_in("postgres", &format!("CREATE ROLE {} LOGIN; CREATE DATABASE {} OWNER {}", made.role, made.name, made.role));
        made.sql(&format!(
            "SET ROLE {};
             CREATE TABLE users (id bigserial PRIMARY KEY, name text, seen timestamptz DEFAULT now(), weight float8, photo bytea);
             INSERT INTO users (name, weight, photo) SELECT 'user ' || i, random(), decode(md5(i::text), 'hex') FROM generate_series(1, 2000) i;
             CREATE TABLE \"Odd \"\"name\"\"\" (x int, y interval); INSERT INTO \"Odd \"\"name\"\"\" VALUES (1, '1 day');
             CREATE SCHEMA more; CREATE TABLE more.parts (k int, v text) PARTITION BY RANGE (k);
             CREATE TABLE more.low PARTITION OF more.parts FOR VALUES FROM (0) TO (10); INSERT INTO more.parts VALUES (1, 'a'), (2, 'b');
             CREATE INDEX ON users (name);",
            made.role
        ));
        Some(made)
    }

    /// Runs statements as the administrator; each must succeed.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> String {
        self.sql_in(&self.name, statements)
    }

    #[track_caller]
    fn sql_in(&self, database: &str, statements: &str) -> String {
        let ran = self.psql(database, statements);
        ran.exits(0);
        ran.stdout.trim().to_owned()
    }

    /// Runs statements as the server's account.
    pub(crate) fn as_server(&self, statements: &str) -> Ran {
        self.psql(&self.name, &format!("SET ROLE {}; {statements}", self.role))
    }

    fn psql(&self, database: &str, statements: &str) -> Ran {
        let mut command = as_postgres(&self.cluster.programs.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h"]).arg(&self.cluster.sockets).args(["-d", database]);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        // From standard input each statement is a transaction of its own.
        running.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
        Ran::new(format!("psql: {statements}"), running.wait_with_output().unwrap())
    }

    /// What the administrator is told when a statement is refused.
    pub(crate) fn psql_error(&self, statement: &str) -> String {
        self.psql(&self.name, statement).exits(3).stderr.clone()
    }

    /// A session that stays open until its standard input closes.
    pub(crate) fn session(&self) -> std::process::Child {
        let mut command = as_postgres(&self.cluster.programs.join("psql"));
        command.args(["-X", "-q", "-h"]).arg(&self.cluster.sockets).args(["-d", &self.name]).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    /// A program of PostgreSQL on this database, whose output goes into a file.
    pub(crate) fn into_file(&self, program: &str, arguments: &[&str], file: &Path) {
        let mut command = as_postgres(&self.cluster.programs.join(program));
        command.arg("-h").arg(&self.cluster.sockets).args(arguments).current_dir("/").stdout(fs::File::create(file).unwrap());
        assert!(command.status().unwrap().success());
    }

    /// A script of scripts/database, with what is done in its mount namespace before it.
    pub(crate) fn command(&self, before: &str, script: &str) -> Command {
        let target = self.world.workspace().join("nexy.toml");
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/database");
        let mut command = Command::new("unshare");
        let inside =
            format!("mount --bind \"$1\" /run/postgresql && {before} exec \"$2\"/{} --target \"$3\" {}", name_of(script), rest_of(script));
        command.args(["--mount", "--propagation", "private", "sh", "-c", &inside, "sh"]);
        command.arg(&self.cluster.sockets).arg(scripts).arg(target).current_dir(self.world.root()).stdin(Stdio::null());
        command.env("PATH", format!("{}:{}", self.world.tools().display(), std::env::var("PATH").unwrap()));
        command
    }

    /// Runs a script of scripts/database.
    pub(crate) fn run(&self, script: &str) -> Ran {
        Ran::new(script.to_owned(), self.command("", script).output().unwrap())
    }

    /// The dumps that there are, the oldest first.
    pub(crate) fn dumps(&self) -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(self.backups()).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "dump"));
        found.sort();
        found
    }

    pub(crate) fn backups(&self) -> PathBuf {
        self.world.root().join("vm/backups")
    }
}

fn name_of(script: &str) -> &str {
    script.split(' ').next().unwrap()
}

fn rest_of(script: &str) -> &str {
    script.split_once(' ').map_or("", |(_, rest)| rest)
}

fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new(AS_POSTGRES[0]);
    command.args(&AS_POSTGRES[1..]).arg(program).env("LC_ALL", "C.UTF-8");
    command
}

fn start() -> Result<Cluster, String> {
    if Command::new("id").arg("-u").output().map_err(|error| error.to_string())?.stdout != b"0\n" {
        return Err("the scripts are root's".to_owned());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").map_err(|_| "PostgreSQL is not installed")?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).filter(|bin| bin.join("initdb").is_file()).max();
    let programs = newest.ok_or("PostgreSQL is not installed")?;
    if !Path::new("/run/postgresql").is_dir() {
        fs::create_dir("/run/postgresql").map_err(|error| error.to_string())?;
    }
    // Outside of the build folder, where the account postgres may not look.
    let folder = tempfile::Builder::new().prefix("nexy-postgresql-").tempdir().map_err(|error| error.to_string())?.keep();
    let run = |command: &mut Command| match command.current_dir("/").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("chown").arg("postgres:").arg(&folder))?;
    let (data, sockets) = (folder.join("data"), folder.join("run"));
    run(as_postgres(Path::new("mkdir")).arg(&sockets))?;
    run(as_postgres(&programs.join("initdb")).args(["--no-sync", "-A", "peer", "-U", "postgres", "-D"]).arg(&data))?;
    // It watches its parent through the pipe of `sleep`: when the tests end, however, it is stopped and its folder is removed.
    let script = "\"$1\"/postgres -D \"$2\" -k \"$3\" -c listen_addresses= -c fsync=off >\"$2/log\" 2>&1 </dev/null & server=$!
        cat; kill -INT $server; wait; rm -rf \"$4\"";
    let watcher = as_postgres(Path::new("sh"))
        .args(["-c", script, "sh"])
        .arg(&programs)
        .arg(&data)
        .arg(&sockets)
        .arg(&folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    // Its standard input closes with this process.
    std::mem::forget(watcher);
    let ready = programs.join("pg_isready");
    for _ in 0..500 {
        if run(as_postgres(&ready).arg("-q").arg("-h").arg(&sockets)).is_ok() {
            return Ok(Cluster { sockets, programs });
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Err(format!("PostgreSQL did not start: {}", fs::read_to_string(data.join("log")).unwrap_or_default()))
}

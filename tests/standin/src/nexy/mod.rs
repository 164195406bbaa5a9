//! The Nexy server on the VM as it answers today: main server, update server, public host.

mod appcast;
mod manifests;
pub(crate) mod running;

use crate::clock;
use crate::http::{Request, Response};
use crate::state::State;
use running::Vm;
use serde_json::json;

/// The main server (port 8080 on the VM).
pub(crate) fn server(state: &State, request: &Request) -> Response {
    with_vm(state, |vm| main_route(vm, &request.method, &request.path))
}

/// The update server (port 8081 on the VM).
pub(crate) fn updates(state: &State, request: &Request) -> Response {
    with_vm(state, |vm| update_route(vm, &request.method, &request.path))
}

/// nginx before both; it adds a second Cache-Control header.
pub(crate) fn public(state: &State, request: &Request) -> Response {
    let path = request.path.as_str();
    let response = with_vm(state, |vm| match path.strip_prefix("/updates") {
        Some(rest) if rest.starts_with('/') => update_route(vm, &request.method, rest),
        _ if matches!(path, "/health" | "/status") => main_route(vm, &request.method, path),
        // Everything else is passed to gRPC, which has no answer for it.
        _ => bad_gateway().unscripted(),
    });
    let age = match path {
        "/updates/appcast.xml" => 60,
        "/health" | "/status" | "/updates/health" => 30,
        _ => 300,
    };
    response.with("Cache-Control", &format!("public, max-age={age}"))
}

fn with_vm(state: &State, answer: impl FnOnce(&Vm) -> Response) -> Response {
    match Vm::read(&state.folder) {
        Some(vm) if vm.service_is_up() => answer(&vm),
        _ => bad_gateway(),
    }
}

fn bad_gateway() -> Response {
    let page = "<html><head><title>502 Bad Gateway</title></head></html>\n";
    Response::new(502, page.as_bytes().to_vec()).with("Content-Type", "text/html")
}

fn main_route(vm: &Vm, method: &str, path: &str) -> Response {
    if !matches!(method, "GET" | "HEAD") {
        return Response::text(405, "405: Method Not Allowed").unscripted();
    }
    let (version, build) = vm.running();
    let body = match path {
        "/health" => json!({
            "status": "OK",
            "latest_version": version,
            "latest_build": build,
            "ffmpeg_available": false,
        }),
        "/status" => json!({
            "status": "running",
            "service": "voice-assistant",
            "latest_version": version,
            "latest_build": build,
            "update_server": "enabled",
            "endpoints": {
                "health": "/health",
                "status": "/status",
                "grpc": "port 50051",
                "updates": "port 8081",
            },
        }),
        _ => return Response::text(404, "404: Not Found").unscripted(),
    };
    Response::json(200, &body).with("Cache-Control", "public, max-age=30")
}

fn update_route(vm: &Vm, method: &str, path: &str) -> Response {
    if !matches!(method, "GET" | "HEAD") {
        return Response::text(405, "405: Method Not Allowed").unscripted();
    }
    let response = match path {
        "/health" => update_health(vm),
        "/appcast.xml" => appcast::answer(manifests::stable(&vm.manifests).as_ref()),
        "/appcast-beta.xml" => appcast::answer(manifests::beta(&vm.manifests).as_ref()),
        _ => return Response::text(404, "404: Not Found").unscripted(),
    };
    response.with("Access-Control-Allow-Origin", "*")
}

fn update_health(vm: &Vm) -> Response {
    let manifest = manifests::stable(&vm.manifests);
    let field = |key: &str| {
        let value = manifest.as_ref().map(|manifest| manifest[key].clone());
        value.filter(|value| !value.is_null()).unwrap_or(json!(running::LITERAL_VERSION))
    };
    let now = clock::iso(clock::now_seconds());
    let body = json!({
        "status": "healthy",
        "timestamp": format!("{}.000000", now.trim_end_matches('Z')),
        "version": field("version"),
        "latest_version": field("version"),
        "latest_build": field("build"),
        "artifacts_available": 0,
        "downloads_dir": "updates/downloads",
        "manifests_dir": vm.manifests,
        "beta_updates_enabled": true,
    });
    Response::json(200, &body).with("Cache-Control", "public, max-age=30").with("Pragma", "no-cache").with("Expires", "0")
}

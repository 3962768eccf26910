"""Which call goes where. Paths are matched escaped, so that ``release%2F1`` is one part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tailrace.sandbox.api import (
    contents,
    issues,
    pull_contents,
    pulls,
    repositories,
    reviews,
    rules,
    server,
    statuses,
    tags,
    trees,
)
from tailrace.sandbox.api.call import Call, Elsewhere, Refused, answer, authenticate, check_scope
from tailrace.sandbox.store import Store

Handler = Callable[[Call], Awaitable[Response]]

_R = "/repos/{owner}/{repo}"

#: Method, path, handler, and the area of scopes that a token needs for it.
_CALLS: list[tuple[str, str, Handler, str]] = [
    ("GET", "/version", server.version, ""),
    ("GET", "/settings/api", server.settings, ""),
    ("GET", "/user", server.user, "user"),
    ("POST", "/user/repos", repositories.create_own, "repository"),
    ("POST", "/users/{login}/tokens", server.token_create, "user"),
    ("GET", "/users/{owner}/repos", repositories.of_user, "user"),
    ("POST", "/orgs", server.organisation_create, "organization"),
    ("GET", "/orgs/{owner}/repos", repositories.of_organisation, "organization"),
    ("POST", "/orgs/{owner}/repos", repositories.create_in_organisation, "organization"),
    ("GET", "/orgs/{owner}/teams", server.teams, "organization"),
    ("POST", "/orgs/{owner}/teams", server.team_create, "organization"),
    ("POST", "/orgs/{owner}/hooks", rules.organisation_hook_create, "organization"),
    ("GET", "/teams/{id}/members", server.team_members, "organization"),
    ("GET", "/teams/{id}/members/{login}", server.team_member, "organization"),
    ("PUT", "/teams/{id}/members/{login}", server.team_member_add, "organization"),
    ("GET", "/repos/search", repositories.search, "repository"),
    ("GET", _R, repositories.show, "repository"),
    ("PATCH", _R, repositories.edit, "repository"),
    ("DELETE", _R, repositories.remove, "repository"),
    ("GET", f"{_R}/topics", repositories.topics, "repository"),
    ("PUT", f"{_R}/topics", repositories.set_topics, "repository"),
    ("PUT", f"{_R}/collaborators/{{login}}", repositories.collaborator_add, "repository"),
    (
        "GET",
        f"{_R}/collaborators/{{login}}/permission",
        repositories.collaborator_permission,
        "repository",
    ),
    ("GET", f"{_R}/branch_protections", rules.protection_list, "repository"),
    ("POST", f"{_R}/branch_protections", rules.protection_create, "repository"),
    ("GET", f"{_R}/branch_protections/{{name:path}}", rules.protection_show, "repository"),
    ("GET", f"{_R}/branches", trees.branches, "repository"),
    ("POST", f"{_R}/branches", trees.create_branch, "repository"),
    ("GET", f"{_R}/branches/{{branch:path}}", trees.branch, "repository"),
    ("DELETE", f"{_R}/branches/{{branch:path}}", trees.delete_branch, "repository"),
    ("GET", f"{_R}/git/trees/{{ref}}", trees.tree, "repository"),
    ("GET", f"{_R}/git/blobs/{{sha}}", trees.blob, "repository"),
    ("GET", f"{_R}/git/refs/{{ref:path}}", trees.refs, "repository"),
    ("GET", f"{_R}/commits", trees.commits, "repository"),
    ("GET", f"{_R}/commits/{{sha}}/pull", pull_contents.of_commit, "repository"),
    ("POST", f"{_R}/tags", tags.create, "repository"),
    ("GET", f"{_R}/tags", tags.listed, "repository"),
    ("GET", f"{_R}/tags/{{tag:path}}", tags.show, "repository"),
    ("GET", f"{_R}/commits/{{ref}}/status", statuses.combined, "repository"),
    ("GET", f"{_R}/commits/{{ref}}/statuses", statuses.listed, "repository"),
    ("POST", f"{_R}/statuses/{{sha}}", statuses.create, "repository"),
    ("GET", f"{_R}/contents", contents.show, "repository"),
    ("POST", f"{_R}/contents", contents.many, "repository"),
    ("GET", f"{_R}/contents/{{path:path}}", contents.show, "repository"),
    ("POST", f"{_R}/contents/{{path:path}}", contents.create, "repository"),
    ("PUT", f"{_R}/contents/{{path:path}}", contents.update, "repository"),
    ("DELETE", f"{_R}/contents/{{path:path}}", contents.delete, "repository"),
    ("GET", f"{_R}/raw/{{path:path}}", contents.raw, "repository"),
    ("GET", f"{_R}/pulls", pulls.listed, "repository"),
    ("POST", f"{_R}/pulls", pulls.create, "repository"),
    ("GET", f"{_R}/pulls/{{number}}", pulls.show, "repository"),
    ("PATCH", f"{_R}/pulls/{{number}}", pulls.edit, "repository"),
    ("GET", f"{_R}/pulls/{{number}}/files", pull_contents.files, "repository"),
    ("GET", f"{_R}/pulls/{{number}}/commits", pull_contents.commits, "repository"),
    ("POST", f"{_R}/pulls/{{number}}/update", pulls.update, "repository"),
    ("POST", f"{_R}/pulls/{{number}}/merge", pulls.merge, "repository"),
    ("GET", f"{_R}/pulls/{{number}}/reviews", reviews.listed, "repository"),
    ("POST", f"{_R}/pulls/{{number}}/reviews", reviews.create, "repository"),
    ("GET", f"{_R}/issues", issues.listed, "issue"),
    ("POST", f"{_R}/issues", issues.create, "issue"),
    ("GET", f"{_R}/issues/{{number}}", issues.show, "issue"),
    ("POST", f"{_R}/issues/{{number}}/comments", issues.comment, "issue"),
    ("GET", f"{_R}/issues/{{number}}/timeline", issues.timeline, "issue"),
    ("POST", f"{_R}/issues/{{number}}/labels", issues.label_add, "issue"),
    ("DELETE", f"{_R}/issues/{{number}}/labels/{{id}}", issues.label_remove, "issue"),
    ("GET", f"{_R}/labels", issues.label_list, "issue"),
    ("POST", f"{_R}/labels", issues.label_create, "issue"),
    ("POST", f"{_R}/hooks", rules.hook_create, "repository"),
    ("PUT", f"{_R}/actions/secrets/{{name}}", rules.secret_put, "repository"),
]


def api(
    store: Store, base: Callable[[], str], before_commit: Callable[[], Awaitable[object]]
) -> Starlette:
    """The application below ``/api/v1``; ``base`` gives the server's own address."""

    def endpoint(handler: Handler, area: str) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                user, token = authenticate(store, request.headers.get("authorization", ""))
                if area:
                    check_scope(token, request.method, area)
                return await handler(Call(request, store, base(), user, token, before_commit))
            except Refused as refused:
                return _complaint(refused, base())
            except Elsewhere as moved:
                html = f'<a href="{moved.location}">Temporary Redirect</a>.\n\n'
                headers = {"location": moved.location}
                return Response(html, 307, headers, media_type="text/html; charset=utf-8")

        return handle

    async def lacking(request: Request, error: Exception) -> Response:
        # What this version does not have, such as dispatch and runs of Actions (contract).
        return PlainTextResponse("404 page not found\n", 404)

    routes = [
        Route(f"/api/v1{path}", endpoint(handler, area), methods=[method])
        for method, path, handler, area in _CALLS
    ]
    return Starlette(routes=routes, exception_handlers={404: lacking, 405: lacking})


def _complaint(refused: Refused, base: str) -> Response:
    body: dict[str, object] = {"message": refused.message, "url": f"{base}/api/swagger"}
    if refused.with_errors:
        body["errors"] = refused.errors
    return answer(refused.status, body)

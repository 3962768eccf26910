#!/usr/bin/env bash
# What people run today: one repository after the other. by_hand.sh URL OWNER VERSION REPOSITORY...
set -euo pipefail
url=$1 owner=$2 version=$3
shift 3
with_token="${url/:\/\//://sandbox:$TAILRACE_TOKEN@}/$owner"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for repository in "$@"; do
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' --header "Authorization: token $TAILRACE_TOKEN" \
    "$url/api/v1/repos/$owner/$repository/contents/.gitea/workflows/publish-image.yml")
  if [ "$status" != 200 ]; then
    printf 'skipped %s: %s\n' "$repository" "$status"
    continue
  fi
  git clone --quiet --depth 1 "$with_token/$repository.git" "$work/$repository"
  printf '%s\n' "$version" >"$work/$repository/.runtime-version"
  git -C "$work/$repository" commit --quiet --message "Move the pin to $version" .runtime-version
  git -C "$work/$repository" push --quiet
  rm -rf "${work:?}/$repository"
done

#!/bin/sh
# What the scripts that make a release share; to be read in, in the checkout's
# folder.
#
# shellcheck disable=SC2034 # for those that read it in
version=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' pkg/api/types.go)
arches='amd64 arm64'
go=${GO:-go}
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

#!/bin/sh
# Makes what is in the image of the services, and nothing else: our programs, linked statically,
# and the certificates by which they know others.
#
#   deploy/image.sh FOLDER
#
# Run by the Dockerfile, in an image with the toolchain. `make image` runs it by hand for `.image`,
# which is taken where there is no toolchain. FOLDER gets `files`, which becomes the image's root,
# and an empty `data`.
#   PROFILE=release        the profile of cargo
#   SHOAL_BUILD            what the programs call their build, default as deploy/build-name.sh says
#   CARGO_TARGET_DIR       where it builds, default ./target; below it in a folder of its own
set -eu

programs="shoal shoal-launcher shoal-simulator shoal-memory-sink"

main() {
  cd "$(dirname "$0")/.."
  folder=${1:?"expected the folder to make"}
  if command -v cargo >/dev/null; then
    compile "$folder"
  elif [ -d .image/files ] && [ "$folder" != .image ]; then
    mv .image "$folder"
  else
    fail "found neither cargo nor .image/files, expected one of them: \`make image\` makes the second"
  fi
  refuse_test_builds "$folder"
}

compile() {
  certificates=/etc/ssl/certs/ca-certificates.crt
  [ -r "$certificates" ] || fail "found no $certificates, expected that of package ca-certificates"
  profile=${PROFILE:-release}
  built=$profile
  [ "$profile" != dev ] || built=debug
  # A static program needs no file of the system that it runs on. Named, the triple keeps procedural
  # macros, which cannot be linked so, and the builds for this machine out of this.
  triple=$(rustc -vV | sed -n 's/^host: //p')
  SHOAL_BUILD=${SHOAL_BUILD:-$(deploy/build-name.sh)}
  export SHOAL_BUILD
  RUSTFLAGS="-C target-feature=+crt-static" cargo build --bins --locked \
    -p cli -p launcher -p simulator -p memory-sink --profile "$profile" --target "$triple"
  rm -rf "$1"
  mkdir -p "$1/files/usr/local/bin" "$1/files/etc/ssl/certs" "$1/data"
  for program in $programs; do
    cp "${CARGO_TARGET_DIR:-target}/$triple/$built/$program" "$1/files/usr/local/bin/"
  done
  cp "$certificates" "$1/files/etc/ssl/certs/"
  chmod -R u=rwX,go=rX "$1"
}

# They can be told to misbehave. None is made here, and none gets in.
refuse_test_builds() {
  for program in $programs; do
    if grep -q SHOAL_FAULTS "$1/files/usr/local/bin/$program"; then
      fail "found a test build of $program, expected one without the tests' features"
    fi
  done
}

fail() {
  echo "error: $1" >&2
  exit 1
}

main "$@"

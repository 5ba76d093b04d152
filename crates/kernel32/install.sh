#!/bin/sh
# install.sh PREFIX SHARED STATIC: puts the library, its header, its pkg-config file
# and the names that runtimes look for below PREFIX (`cargo xtask install`). STATIC is
# - for none.
set -eu
prefix=$1 shared=$2 static=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
mkdir -p "$prefix/lib/pkgconfig" "$prefix/include/linkwright" "$prefix/share/linkwright"
prefix=$(cd "$prefix" && pwd)

suffix=.${shared##*.}
install -m 0755 "$shared" "$prefix/lib/libkernel32$suffix"
[ "$static" = - ] || install -m 0644 "$static" "$prefix/lib/libkernel32.a"
install -m 0644 "$root/include/linkwright/kernel32.h" "$prefix/include/linkwright/kernel32.h"

# CoreCLR 3.1 and Mono 6.8 try the name as it is written, with and without "lib" and
# the suffix.
name() { ln -sf "libkernel32$suffix" "$prefix/lib/$1"; }
for stem in kernel32 advapi32 ktmw32 ntdll; do
  upper=$(printf %s "$stem" | tr a-z A-Z)
  capital=$(printf %s "$upper" | cut -c1)$(printf %s "$stem" | cut -c2-)
  name "$stem.dll$suffix"
  name "$capital.dll$suffix"
  name "$upper.DLL$suffix"
  name "$stem$suffix"
  name "$capital$suffix"
  [ "$stem" = kernel32 ] || name "lib$stem$suffix"
done

cat >"$prefix/lib/pkgconfig/linkwright-kernel32.pc" <<EOF
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: linkwright-kernel32
Description: Win32's functions for files and links, outside of Windows
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lkernel32
Libs.private: -lpthread -lm -ldl
EOF

# Debian's Mono maps kernel32.dll to itself: MONO_CONFIG=.../mono.config overrides it.
{
  echo '<configuration>'
  for stem in kernel32 advapi32 ktmw32 ntdll; do
    echo "  <dllmap dll=\"i:$stem.dll\" target=\"$prefix/lib/libkernel32$suffix\"/>"
  done
  echo '</configuration>'
} >"$prefix/share/linkwright/mono.config"

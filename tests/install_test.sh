#!/bin/sh
# install_test.sh PROJECT: third_party/install.sh with a package manager that does nothing: it waits where another
# program installs, and says what it could not install.
set -eu
project=${1:?usage: install_test.sh PROJECT}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fake() { { echo "#!/bin/sh"; cat; } >"$folder/$1" && chmod +x "$folder/$1"; }  # fake NAME: a program, from standard input
echo 'echo 0' | fake id
echo 'exit 1' | fake dpkg-query
echo "echo x >>'$folder/slept'" | fake sleep
fake apt-get <<END
echo "\$1" >>'$folder/calls'
[ "\$(wc -l <'$folder/calls')" -gt "\$LOCKED" ] || { echo 'E: Could not get lock /var/lib/dpkg/lock-frontend.' >&2; exit 100; }
[ "\$1" != install ] || [ -z "\$FAULT" ] || { echo "E: \$FAULT" >&2; exit 100; }
END

# try LOCKED FAULT: apt-get finds the lock taken LOCKED times; then its installing fails with the words FAULT, if any.
try() {
  rm -f "$folder/calls" "$folder/slept"
  touch "$folder/slept"
  status=0
  PATH="$folder:$PATH" LOCKED=$1 FAULT=$2 bash "$project/third_party/install.sh" bench >"$folder/out" 2>&1 || status=$?
  waited=$(wc -l <"$folder/slept")
}

# expect STATUS WAITED SENTENCE: what try found.
expect() {
  [ "$status $waited" = "$1 $2" ] || { echo "status $status after $waited waits, expected $1 after $2:"; cat "$folder/out"; exit 1; }
  grep -q "$3" "$folder/out" || { echo "not said: $3"; cat "$folder/out"; exit 1; }
}

try 0 ""
expect 0 0 "^Installing: "
if grep -q "Waiting" "$folder/out"; then echo "waiting is said where nothing is locked"; exit 1; fi
try 2 ""
expect 0 2 "^Another program is installing packages"
[ "$(grep -c "Another program" "$folder/out")" -eq 1 ] || { echo "waiting is said more than once"; exit 1; }
try 1000 ""
expect 1 60 "could not be installed: .*libbenchmark-dev"
try 0 "Unable to locate package"
expect 1 0 "Unable to locate package"

#!/bin/sh
# lab_run.sh SCRIPT: runs a test script; scripts that need the lab source tests/proto/lab.sh or
# import tests/proto/labenv.py, which install and start it.
case $1 in
*.py) exec python3 "$1" ;;
*) exec bash "$1" ;;
esac

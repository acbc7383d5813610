#!/bin/sh
# usage: make_certs.sh DIR
# Makes in DIR a certificate authority (ca.pem) and NAME.crt, NAME.key for servers: good (for
# 127.0.0.1, ::1 and localhost), wrongname, future, expired, and unknown (of another authority).
# pins.txt has the pins of good and wrongname, one a line.
set -eu
cd "$1"

authority() { # NAME FILE
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=$1" -addext basicConstraints=critical,CA:true -addext keyUsage=keyCertSign \
        -keyout "$2.private" -out "$2.pem" 2>/dev/null
}

server() { # FILE AUTHORITY NAMES START END
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=callhud test" \
        -keyout "$1.key" -out "$1.csr" 2>/dev/null
    : >index.txt
    printf 'subjectAltName=%s\n' "$3" >ext.cnf
    cat >ca.cnf <<END
[ca]
default_ca = x
[x]
database = $PWD/index.txt
new_certs_dir = $PWD
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
END
    openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.private" -in "$1.csr" \
        -out "$1.crt" -startdate "$4" -enddate "$5" -extfile ext.cnf 2>/dev/null
}

pin() {
    openssl x509 -in "$1.crt" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64 | sed 's,^,sha256//,'
}

here='IP:127.0.0.1,IP:::1,DNS:localhost'
authority 'callhud test CA' ca
authority 'another test CA' other
server good ca "$here" 20200101000000Z 20491231000000Z
server wrongname ca 'DNS:pbx.example,DNS:*.wild.example' 20200101000000Z 20491231000000Z
server expired ca "$here" 20200101000000Z 20210203000000Z
server future ca "$here" 20480101000000Z 20491231000000Z
server unknown other "$here" 20200101000000Z 20491231000000Z
{
    pin good
    pin wrongname
} >pins.txt
printf 'this is no certificate\n' >broken.pem

# Sourced by run.sh: real programs to look at, each with its own configuration, on its own port, under $work.
# shellcheck shell=bash disable=SC2154 # work, marker: set by run.sh

postgres_user=postgres

# A TCP port of the loopback that nobody listens on; $1 is where to begin.
free_port() {
	local port=$1 taken
	taken=$(ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }')
	while grep -qx "$port" <<<"$taken"; do
		port=$((port + 1))
	done
	echo "$port"
}

# wait_for SECONDS "what" command...: polls until the command succeeds.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || {
			fault "waited in vain for $what"
			return 1
		}
		sleep 0.1
	done
}

start_nginx() {
	local dir=$work/nginx
	nginx_port=$(free_port $((20000 + RANDOM % 4000)))
	mkdir -p "$dir"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=demo.example" -addext "subjectAltName=DNS:demo.example" \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	cat >"$dir/nginx.conf" <<-CONF
		daemon off;
		pid $dir/nginx.pid;
		error_log $dir/error.log;
		worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log $dir/access.log;
			client_body_temp_path $dir/body;
			proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi;
			scgi_temp_path $dir/scgi;
			server {
				listen 127.0.0.1:$nginx_port ssl http2;
				ssl_certificate $dir/cert.pem;
				ssl_certificate_key $dir/key.pem;
				ssl_protocols TLSv1.2 TLSv1.3;
				location / { return 200 "hello from nginx\n"; }
			}
		}
	CONF
	start nginx "$work/nginx.log" nginx -e "$dir/error.log" -c "$dir/nginx.conf"
	wait_for 10 "nginx on port $nginx_port" listens "$nginx_port"
}

listens() { [[ -n $(ss -Hltn "sport = :$1") ]]; }

as_postgres() { (cd / && runuser -u "$postgres_user" -- "$@"); }

start_postgres() {
	local dir=$work/postgres
	# Looked up now: setup may only just have installed it.
	pg_bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")
	postgres_port=$(free_port $((24000 + RANDOM % 4000)))
	install -d -o "$postgres_user" -m 0700 "$dir"
	as_postgres "$pg_bin/initdb" --no-sync --auth=trust --encoding=UTF8 --locale=C -D "$dir/data" >"$work/initdb.log" 2>&1 || {
		tail -n 5 "$work/initdb.log" >&2
		fault "initdb failed"
		return 1
	}
	# setpriv becomes PostgreSQL, runuser would stand between it and its signals.
	start postgres "$work/postgres.log" setpriv --reuid="$postgres_user" --regid="$postgres_user" --init-groups "$pg_bin/postgres" -D "$dir/data" -p "$postgres_port" \
		-c listen_addresses=127.0.0.1 -c "unix_socket_directories=$dir" -c fsync=off
	wait_for 20 "PostgreSQL on port $postgres_port" "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"
	sql postgres postgres -c 'CREATE ROLE clerk LOGIN' -c 'CREATE DATABASE shop OWNER clerk' >/dev/null
	sql clerk shop -c 'CREATE TABLE orders (id int, item text)' \
		-c "INSERT INTO orders SELECT n, 'item ' || n FROM generate_series(1, 100) n" >/dev/null
}

# sql USER DATABASE psql-arguments...
sql() {
	local user=$1 database=$2
	shift 2
	"$pg_bin/psql" -X -q -h 127.0.0.1 -p "$postgres_port" -U "$user" -d "$database" "$@"
}

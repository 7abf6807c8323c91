/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as a file, in YAML; harness/doc/lab.md is its manual. All keys are
 * optional:
 *
 *	about: |                                # what to look at
 *	  ...
 *	for: 30s                                # duration
 *	needs: [nginx, curl]                    # skipped if one is missing
 *	sysctls:                                # of every host
 *	  net.ipv4.tcp_keepalive_time: 2
 *	hosts:                                  # in the order of the path
 *	  client:
 *	    run: curl -sS http://server/
 *	    sysctls: {net.ipv4.tcp_keepalive_intvl: 1}
 *	    delay: 20ms
 *	    loss: 1%
 *	  gateway:
 *	    as: nat                             # nat, firewall, router
 *	    idle: 5s                            # conntrack timeout
 *	    rules: |                            # additional rules for nft(8)
 *	      ...
 *	  server:
 *	    files:                              # in $FOLDER, or $FOLDER_server
 *	      nginx.conf: |
 *	        ...
 *	    run:                                # one program, or a list
 *	      - nginx -p $FOLDER -c nginx.conf
 *	      - name: watcher
 *	        run: tail -f $FOLDER/log
 *	        env: {LANG: C}
 *	        user: nobody
 *	        listens: 80                     # awaited
 *	        later: yes                      # started by a step
 *	timeline:                               # MOMENT: ACTION
 *	  - 2s: unplug client
 *	  - nginx prints "GET": crash server
 *	  - at: 20s
 *	    do: plug client
 *	expect:
 *	  - client: ETIMEDOUT within 20s
 *	  - "curl: exit 28"
 */
#pragma once

#include "lab-plan.h"

/*
 * Reads a file into an empty plan. -ENOENT and other errors of open(2); -EINVAL
 * or -E2BIG for an invalid file, with a message that has the file, line,
 * column, the path of keys, and what was expected. Unknown and duplicate keys
 * are errors.
 */
int lab_file_read(struct lab_plan *plan, const char *path);

/* The same from memory; `name` is that of the file, for messages. */
int lab_file_parse(struct lab_plan *plan, const char *name, const char *text,
		   size_t size);

/* Calls the function for each key: of the file, of a host ("hosts.HOST.run"),
 * of a program ("hosts.HOST.run.user"). */
void lab_file_each_key(void (*fn)(void *data, const char *path), void *data);

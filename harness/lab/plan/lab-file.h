/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab's plan as a file, in YAML:
 *
 *	about: |
 *	  What to look at.
 *	for: 30s
 *	needs: [nginx, curl]                    # skipped where one is missing
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
 *	    idle: 5s                            # forgets a connection after that
 *	    rules: |                            # more, for nft(8)
 *	      ...
 *	  server:
 *	    files:                              # in $FOLDER, or $FOLDER_server
 *	      nginx.conf: |
 *	        ...
 *	    run:                                # one, or a list
 *	      - nginx -p $FOLDER -c nginx.conf
 *	      - name: watcher
 *	        run: tail -f $FOLDER/log
 *	        env: {LANG: C}
 *	        user: nobody
 *	        listens: 80                     # waited for
 *	        later: yes                      # a step starts it
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
 * Reads it into an empty plan. -ENOENT and its kin for a file that cannot be
 * read; -EINVAL for one that is no plan: the message has the file, line, column,
 * key, and what was expected. A key that is none or comes twice is an error.
 */
int lab_file_read(struct lab_plan *plan, const char *path);

/* The same from memory; `name` is for messages. */
int lab_file_parse(struct lab_plan *plan, const char *name, const char *text,
		   size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of a lab's file about networks, for the tables of lab-file.c. */
#pragma once

struct lab_yaml_node;

/* `networks` of the file; `data` is the plan. */
int lab_file_read_networks(const struct lab_yaml_node *node, void *data);

/* `networks` and `routes` of a host; `data` is the host. */
int lab_file_read_interfaces(const struct lab_yaml_node *node, void *data);
int lab_file_read_routes(const struct lab_yaml_node *node, void *data);

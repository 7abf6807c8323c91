int cmd_list(int argc, char **argv);

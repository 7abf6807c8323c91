/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs are found by name in the commands and files of a lab: a word too many
 * costs memory, a missing one makes the lab fail. A program needs more than its
 * shared libraries: modules of an interpreter, plugins, tables. All of these are
 * files of its package or of the packages that it depends on; so these are copied
 * too, except those that every system has, of which only the libraries and the
 * named programs are needed. dpkg-query reads its whole database, so it is asked
 * once, for all programs. A program that belongs to no package gets its libraries
 * and the paths that its text names, if it is a script.
 *
 * The files lie in the guest's memory, because a guest in virtual time must not
 * wait for its host: while a read of a block device or of a shared folder (9p,
 * virtiofs) is pending, nothing runs in the guest, and QEMU's clock jumps to the
 * next timer (-icount sleep=off), which may be hours away.
 */
#include "guest-files.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array.h"
#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "program-find.h"
#include "vm-signals.h"

enum {
	LINKS_MAX = 40, /* as the kernel: MAXSYMLINKS */
	SCRIPT_SIZE = 1 << 16, /* bytes of a script that are searched */
	DEPTH_MAX = 8, /* of scripts that call scripts */
};

static const off_t file_max = 1 << 30;

/* A folder that a script names is copied up to this size: it may be "/". */
static const uint64_t folder_max = 64 << 20;

struct package {
	const char *name;
	char *depends;
	bool everywhere; /* every Debian system has it */
	bool needed;
};

struct guest_files {
	struct newc *newc;
	void *copied, *words; /* paths, and words that were looked up: tsearch() */
	uint64_t size;
	unsigned int depth;
	struct package *packages; /* installed; by name */
	size_t n_packages, packages_capacity;
	char **programs; /* paths without links, whose packages are needed */
	size_t n_programs, programs_capacity;
	char *folders; /* LD_LIBRARY_PATH, after those that texts name: "/a:/b" */
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* False: it was there before, or there is no memory for it. */
static bool remember(void **tree, const char *text)
{
	char *copy = strdup(text);
	void *found = copy ? tsearch(copy, tree, compare) : NULL;

	if (found && *(char **)found == copy)
		return true;
	free(copy);
	return false;
}

uint64_t guest_files_size(const struct guest_files *files)
{
	return files->size;
}

/* --- copying -------------------------------------------------------------- */

/* Removes "." and "..", and slashes that are too many. The folders of the path
 * are no symbolic links where ".." follows them. */
static void normalise(char *path)
{
	char *to = path;

	for (const char *at = path; *at;) {
		size_t n;

		at += strspn(at, "/");
		n = strcspn(at, "/");
		if (n == 2 && strncmp(at, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (n && !(n == 1 && *at == '.')) {
			*to++ = '/';
			memmove(to, at, n);
			to += n;
		}
		at += n;
	}
	*to = '\0';
}

/* Where the link at `path` leads, followed by `rest`. */
static bool follow(const char *path, const char *rest, char ret[PATH_MAX])
{
	char target[PATH_MAX], joined[3 * PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	snprintf(joined, sizeof(joined), "%.*s/%s%s",
		 *target == '/' ? 0 : (int)(strrchr(path, '/') - path), path,
		 target, rest);
	if (strlen(joined) >= PATH_MAX)
		return false;
	memcpy(ret, joined, strlen(joined) + 1);
	return true;
}

/* Not a device, a socket or a pipe. */
static bool is_copied(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ||
	       S_ISLNK(st->st_mode);
}

static int copy_one(struct guest_files *files, const char *path,
		    const struct stat *st)
{
	if (!is_copied(st) || !remember(&files->copied, path))
		return 0;
	if (S_ISREG(st->st_mode) && access(path, R_OK) < 0)
		return 0;
	if (S_ISREG(st->st_mode) && st->st_size > file_max)
		return error_refuse(-EFBIG, "%s: too large for a guest's memory: "
					    "more than 1 GiB",
				    path);
	files->size += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	return error_trace(newc_add_copy(files->newc, path));
}

/*
 * Copies the folders of the path, each link on it and the file itself. Returns 1
 * with the path without links, 0 for a path that does not exist.
 */
static int copy_path(struct guest_files *files, const char *path,
		     char ret[PATH_MAX])
{
	char whole[PATH_MAX];
	unsigned int links = 0;

	if (*path != '/' || strlen(path) >= PATH_MAX)
		return 0;
	memcpy(whole, path, strlen(path) + 1);
	normalise(whole);
	for (char *at = whole; *at;) {
		char *end = at + 1 + strcspn(at + 1, "/"), rest[PATH_MAX];
		struct stat st;
		int r;

		memcpy(rest, end, strlen(end) + 1);
		*end = '\0';
		if (lstat(whole, &st) < 0)
			return 0;
		r = copy_one(files, whole, &st);
		if (r < 0)
			return error_trace(r);
		if (S_ISLNK(st.st_mode)) {
			if (++links > LINKS_MAX || !follow(whole, rest, whole))
				return 0;
			normalise(whole);
			at = whole;
		} else {
			memcpy(end, rest, strlen(rest) + 1);
			at = end;
		}
	}
	memcpy(ret, whole, strlen(whole) + 1);
	return 1;
}

/* All that is in the folder and in those below it; a folder before what it
 * contains. Symbolic links are not followed. Returns 0, or the first value of `fn`
 * that is another one and ends the walk. */
static int each_below(const char *path,
		      int (*fn)(void *data, const char *path,
				const struct stat *st),
		      void *data)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int r = 0;

	while (folder && r == 0 && (entry = readdir(folder))) {
		char inner[PATH_MAX];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    snprintf(inner, sizeof(inner), "%s/%s", path,
			     entry->d_name) >= PATH_MAX ||
		    lstat(inner, &st) < 0)
			continue;
		r = fn(data, inner, &st);
		if (r == 0 && S_ISDIR(st.st_mode))
			r = each_below(inner, fn, data);
	}
	if (folder)
		closedir(folder);
	return r;
}

/* Each entry counts, so that a large tree ends the search. */
static int add_size(void *data, const char *path MACRO_UNUSED,
		    const struct stat *st)
{
	uint64_t *size = data;

	*size += 512;
	if (S_ISREG(st->st_mode))
		*size += (uint64_t)st->st_size;
	return *size > folder_max;
}

static bool is_large(const char *folder)
{
	uint64_t size = 0;

	return each_below(folder, add_size, &size) > 0;
}

/* The targets of symbolic links are not copied: those of /etc/alternatives lead
 * to half of the system. */
static int copy_entry(void *data, const char *path, const struct stat *st)
{
	return error_trace(MIN(copy_one(data, path, st), 0));
}

int guest_files_add(struct guest_files *files, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	int r = copy_path(files, path, real);

	if (r > 0 && stat(real, &st) == 0 && S_ISDIR(st.st_mode))
		r = each_below(real, copy_entry, files);
	return error_trace(MIN(r, 0));
}

int guest_files_add_alone(struct guest_files *files, const char *path)
{
	char real[PATH_MAX];

	return error_trace(MIN(copy_path(files, path, real), 0));
}

/* --- packages ------------------------------------------------------------- */

/* What the command prints. */
static FILE *start(const char *const *argv, pid_t *ret_pid)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	*ret_pid = fork();
	if (*ret_pid == 0) {
		int null = open("/dev/null", O_RDWR);

		vm_signals_restore();
		dup2(null, STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	if (*ret_pid > 0)
		return fdopen(fds[0], "r");
	close(fds[0]);
	return NULL;
}

/* Passes each line that the command prints to take(), until that fails. Where the
 * command does not exist there is none. */
static int each_line(struct guest_files *files, const char *const *argv,
		     int (*take)(struct guest_files *files, char *line))
{
	char *line = NULL;
	size_t size = 0;
	pid_t pid;
	FILE *out = start(argv, &pid);
	int r = 0;

	if (!out)
		return 0;
	while (r >= 0 && getline(&line, &size, out) > 0) {
		line[strcspn(line, "\n")] = '\0';
		r = take(files, line);
	}
	free(line);
	fclose(out);
	waitpid(pid, NULL, 0);
	return error_trace(MIN(r, 0));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct package *)a)->name,
		      ((const struct package *)b)->name);
}

static int add_package(struct guest_files *files, char *line)
{
	char *save, *name = strtok_r(line, "\t\n", &save);
	const char *priority = strtok_r(NULL, "\t\n", &save);
	const char *depends = strtok_r(NULL, "\n", &save);
	struct package *grown = array_grow(
		files->packages, files->n_packages, &files->packages_capacity,
		sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "list of packages");
	files->packages = grown;
	if (!name || !priority)
		return 0;
	grown[files->n_packages++] = (struct package){
		.name = strdup(name),
		.depends = strdup(depends ? depends : ""),
		.everywhere = strcmp(priority, "required") == 0,
	};
	return 0;
}

/* On a system without dpkg the list is empty. */
static int read_packages(struct guest_files *files)
{
	static const char *const argv[] = {
		"dpkg-query", "-W",
		"-f=${Package}\t${Priority}\t${Pre-Depends}, ${Depends}\n", NULL
	};
	int r = each_line(files, argv, add_package);

	if (files->n_packages)
		qsort(files->packages, files->n_packages,
		      sizeof(*files->packages), by_name);
	return error_trace(r);
}

static struct package *find_package(struct guest_files *files, const char *name)
{
	const struct package key = { .name = name };

	if (!files->n_packages)
		return NULL;
	return bsearch(&key, files->packages, files->n_packages, sizeof(key),
		       by_name);
}

/* Texts in the packages that no program reads. */
static bool is_documentation(const char *path)
{
	static const char *const folders[] = {
		"/usr/share/doc/",     "/usr/share/man/",
		"/usr/share/locale/",  "/usr/share/info/",
		"/usr/share/lintian/", "/usr/include/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* With the packages that it depends on, of which the installed ones:
 *	libc6 (>= 2.36), python3:any | python
 */
static int need(struct guest_files *files, struct package *package)
{
	char *depends, *save;
	int r = 0;

	if (package->needed || package->everywhere)
		return 0;
	package->needed = true;
	depends = strdup(package->depends);
	if (!depends)
		return error_origin(-ENOMEM, "list of packages");
	for (char *one = strtok_r(depends, ",|", &save); one && r >= 0;
	     one = strtok_r(NULL, ",|", &save)) {
		struct package *other;

		one += strspn(one, " ");
		one[strcspn(one, " :(")] = '\0';
		other = find_package(files, one);
		r = other ? need(files, other) : 0;
	}
	free(depends);
	return error_trace(r);
}

/* python3.11-minimal and perl-base have the interpreters, but only python3.11 and
 * perl depend on the packages of the modules. */
static struct package *find_whole(struct guest_files *files, const char *part)
{
	static const char *const suffixes[] = { "-minimal", "-base" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t length = strlen(part), n = strlen(suffixes[i]);
		char whole[PATH_MAX];

		if (length <= n || length - n >= sizeof(whole) ||
		    strcmp(part + length - n, suffixes[i]) != 0)
			continue;
		snprintf(whole, sizeof(whole), "%.*s", (int)(length - n), part);
		return find_package(files, whole);
	}
	return NULL;
}

/* "libc6:amd64: /lib/…" */
static int need_owner(struct guest_files *files, char *line)
{
	struct package *part, *whole;
	int r;

	line[strcspn(line, ":,")] = '\0';
	part = find_package(files, line);
	whole = find_whole(files, line);
	r = part ? need(files, part) : 0;
	if (whole && r >= 0)
		r = need(files, whole);
	return error_trace(r);
}

/* The packages of the programs. dpkg may know a file by its path before /bin
 * became a link to /usr/bin. */
static int find_needed(struct guest_files *files)
{
	const char **argv = calloc(2 * files->n_programs + 3, sizeof(*argv));
	size_t n = 0;
	int r;

	if (!argv)
		return error_origin(-ENOMEM, "list of packages");
	argv[n++] = "dpkg-query";
	argv[n++] = "-S";
	for (size_t i = 0; i < files->n_programs; i++) {
		argv[n++] = files->programs[i];
		if (strncmp(files->programs[i], "/usr/", 5) == 0)
			argv[n++] = files->programs[i] + 4;
	}
	r = each_line(files, argv, need_owner);
	free(argv);
	return error_trace(r);
}

/* The path is empty between two packages. */
static int copy_packaged(struct guest_files *files, char *path)
{
	char real[PATH_MAX];

	return is_documentation(path) ?
		       0 :
		       error_trace(copy_path(files, path, real));
}

static int copy_needed(struct guest_files *files)
{
	const char **argv = calloc(files->n_packages + 3, sizeof(*argv));
	size_t n = 0;
	int r = 0;

	if (!argv)
		return error_origin(-ENOMEM, "list of packages");
	argv[n++] = "dpkg-query";
	argv[n++] = "-L";
	for (size_t i = 0; i < files->n_packages; i++)
		if (files->packages[i].needed)
			argv[n++] = files->packages[i].name;
	if (n > 2)
		r = each_line(files, argv, copy_packaged);
	free(argv);
	return error_trace(r);
}

int guest_files_add_packages(struct guest_files *files)
{
	int r = files->n_packages && files->n_programs ? find_needed(files) : 0;

	if (r >= 0)
		r = copy_needed(files);
	return error_trace(r);
}

/* --- programs ------------------------------------------------------------- */

static int add_program(struct guest_files *files, const char *path);
/* Of each word, or only of the absolute paths. */
static int add_words(struct guest_files *files, const char *text,
		     bool only_absolute);

/* The dynamic loader of an ELF program: "/lib64/ld-linux-x86-64.so.2". */
static bool read_loader(int fd, char ret[PATH_MAX])
{
	Elf64_Ehdr header;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr part;
		off_t at = (off_t)(header.e_phoff + i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) != sizeof(part))
			return false;
		if (part.p_type != PT_INTERP || part.p_filesz >= PATH_MAX)
			continue;
		if (pread(fd, ret, part.p_filesz, (off_t)part.p_offset) !=
		    (ssize_t)part.p_filesz)
			return false;
		ret[part.p_filesz] = '\0';
		return true;
	}
	return false;
}

/* libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…) */
static int add_library(struct guest_files *files, char *line)
{
	char *library = strchr(line, '/');

	if (!library)
		return 0;
	library[strcspn(library, " ")] = '\0';
	return error_trace(guest_files_add(files, library));
}

/* ld.so(8) lists the libraries and does not start the program. It lists none when
 * one is missing. A script that sets LD_LIBRARY_PATH names the folders in which
 * they are. */
static int copy_libraries(struct guest_files *files, const char *loader,
			  const char *path)
{
	const char *const argv[] = { loader, "--library-path", files->folders,
				     "--list", path, NULL };
	int r = guest_files_add(files, loader);

	if (r >= 0)
		r = each_line(files, argv, add_library);
	return error_trace(r);
}

static bool is_part_of_path(char c)
{
	return isalnum((unsigned char)c) || strchr("/._+-", c) != NULL;
}

static bool add_folder(struct guest_files *files, const char *path)
{
	char *all;

	if (asprintf(&all, "%s%s%s", path, *files->folders ? ":" : "",
		     files->folders) < 0)
		return false;
	free(files->folders);
	files->folders = all;
	return true;
}

/* A folder that a text names: its contents only if they are few. */
static int add_named_path(struct guest_files *files, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode) && access(path, X_OK) == 0)
		return error_trace(add_program(files, path));
	if (S_ISDIR(st.st_mode) && !add_folder(files, path))
		return error_origin(-ENOMEM, "files for the guest");
	if (S_ISDIR(st.st_mode) && is_large(path))
		return error_trace(guest_files_add_alone(files, path));
	return error_trace(guest_files_add(files, path));
}

/* Every program of that name: which of them a process may execute depends on its
 * ids. */
static int add_named_program(struct guest_files *files, const char *name)
{
	char *all = program_directories(), *save;
	int r = 0;

	for (char *folder = all ? strtok_r(all, ":", &save) : NULL;
	     folder && r >= 0; folder = strtok_r(NULL, ":", &save)) {
		char path[PATH_MAX];
		struct stat st;

		if (*folder == '/' &&
		    snprintf(path, sizeof(path), "%s/%s", folder, name) <
			    PATH_MAX &&
		    stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			r = add_program(files, path);
	}
	free(all);
	return error_trace(r);
}

static int add_word(struct guest_files *files, const char *word)
{
	char here[PATH_MAX], path[2 * PATH_MAX];
	const char *slash = strchr(word, '/');

	if (!slash)
		return error_trace(add_named_program(files, word));
	if (slash == word)
		return error_trace(add_named_path(files, word));
	/* "./client.py", or "HERE/client.py" of "$HERE/client.py" */
	if (strncmp(word, "HERE/", 5) == 0)
		word = slash + 1;
	if (!getcwd(here, sizeof(here)))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", here, word);
	return strlen(path) < PATH_MAX ?
		       error_trace(add_named_path(files, path)) :
		       0;
}

static int add_words(struct guest_files *files, const char *text,
		     bool only_absolute)
{
	int r = 0;

	while (*text && r >= 0) {
		char word[PATH_MAX];
		size_t n = 0;

		while (n < sizeof(word) - 1 && is_part_of_path(text[n])) {
			word[n] = text[n];
			n++;
		}
		word[n] = '\0';
		if (n && (*word == '/' || !only_absolute) &&
		    remember(&files->words, word))
			r = add_word(files, word);
		text += MAX(n, (size_t)1);
	}
	return error_trace(r);
}

int guest_files_add_programs(struct guest_files *files, const char *text)
{
	return error_trace(add_words(files, text, false));
}

/* "#!/usr/bin/env python3" */
static int add_interpreter(struct guest_files *files, const char *text)
{
	char *line = strndup(text, strcspn(text, "\n"));
	int r = line ? add_words(files, line, false) :
		       error_origin(-ENOMEM, "script");

	free(line);
	return error_trace(r);
}

/* What scripts call that no package names, because every system has it. */
static const char usual_tools[] =
	"awk basename cat chmod chown cp cut date dirname echo egrep expr false "
	"fgrep find getopt grep head hostname id install kill ln ls mkdir mkfifo "
	"mktemp mv nproc od paste printf ps pwd readlink realpath rm rmdir sed seq "
	"sleep sort stat stty tail tee test touch tr true tty uname uniq wc which "
	"xargs";

/* A lab names its own scripts: the programs in them are needed, too. In scripts
 * that are installed most words are not programs. Those of a package may include
 * others of it (rabbitmq-server reads rabbitmq-env), which are not searched. */
static int add_script(struct guest_files *files, int fd)
{
	char *text = calloc(1, SCRIPT_SIZE);
	int r = 0;

	if (!text)
		return error_origin(-ENOMEM, "script");
	if (pread(fd, text, SCRIPT_SIZE - 1, 0) > 2 &&
	    strncmp(text, "#!", 2) == 0 && files->depth < DEPTH_MAX) {
		files->depth++;
		r = add_interpreter(files, text + 2);
		if (r >= 0)
			r = add_words(files, text + 2, files->depth > 1);
		if (r >= 0)
			r = add_words(files, usual_tools, false);
		files->depth--;
	}
	free(text);
	return error_trace(r);
}

static int remember_program(struct guest_files *files, const char *path)
{
	char **grown = array_grow(files->programs, files->n_programs,
				  &files->programs_capacity, sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "list of programs");
	files->programs = grown;
	grown[files->n_programs] = strdup(path);
	if (!grown[files->n_programs])
		return error_origin(-ENOMEM, "list of programs");
	files->n_programs++;
	return 0;
}

static int add_program(struct guest_files *files, const char *path)
{
	char real[PATH_MAX], loader[PATH_MAX];
	CLEANUP_FD int fd = -1;
	int r = copy_path(files, path, real);

	if (r <= 0)
		return error_trace(r);
	fd = open(real, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	r = read_loader(fd, loader) ? copy_libraries(files, loader, real) :
				      add_script(files, fd);
	if (r >= 0)
		r = remember_program(files, real);
	return error_trace(r);
}

/* --- the whole ------------------------------------------------------------ */

int guest_files_new(struct guest_files **ret, struct newc *newc)
{
	struct guest_files *files = calloc(1, sizeof(*files));
	const char *folders = getenv("LD_LIBRARY_PATH");
	int r;

	if (!files)
		return error_origin(-ENOMEM, "files for the guest");
	files->newc = newc;
	files->folders = strdup(folders ? folders : "");
	r = files->folders ? read_packages(files) :
			     error_origin(-ENOMEM, "files for the guest");
	if (r < 0) {
		guest_files_free(files);
		return error_trace(r);
	}
	*ret = files;
	return 0;
}

struct guest_files *guest_files_free(struct guest_files *files)
{
	if (!files)
		return NULL;
	tdestroy(files->copied, free);
	tdestroy(files->words, free);
	for (size_t i = 0; i < files->n_packages; i++) {
		free((char *)(uintptr_t)files->packages[i].name);
		free(files->packages[i].depends);
	}
	free(files->packages);
	for (size_t i = 0; i < files->n_programs; i++)
		free(files->programs[i]);
	free(files->programs);
	free(files->folders);
	free(files);
	return NULL;
}

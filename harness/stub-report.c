#include "report.h"
#include "journal.h"
#include "cmd-list.h"
#include "cmd-show.h"
#include "errors.h"
#include <stdlib.h>
#include <string.h>
#include <errno.h>
int cmd_list(int c, char **v){(void)c;(void)v;return 0;}
int cmd_show(int c, char **v){(void)c;(void)v;return 0;}
int result_new(struct result **ret, const struct testcase *t, const struct variant *v, int f, unsigned r, unsigned a){struct result*x=calloc(1,sizeof*x);x->testcase=t;x->variant=v;x->family=f;x->repetition=r;x->attempt=a;x->journal=json_array();*ret=x;return 0;}
struct result *result_free(struct result *r){free(r);return NULL;}
int result_take(struct result*r, json_t*j){const char*t=json_string_value(json_object_get(j,"type"));json_array_append(r->journal,j);if(!strcmp(t,"verdict")){const char*v=json_string_value(json_object_get(j,"verdict"));r->has_verdict=true;r->reason=strdup(json_string_value(json_object_get(j,"reason")));r->verdict=v[0]=='p'?0:v[0]=='f'?1:v[0]=='s'?2:3;}return 0;}
void result_broken(struct result*r,const char*s){r->verdict=3;r->reason=strdup(s);r->has_verdict=true;}
const char *result_name(const struct result*r){static char b[200];snprintf(b,200,"%s%s%s",r->testcase->name,r->variant?"/":"",r->variant?r->variant->name:"");return b;}
static void rec(struct report*r,const struct result*x,const json_t*j){(void)x; if(r->verbose){char*s=json_dumps(j,JOURNAL_DUMP);char*h=strstr(s,",\"hex\"");if(h)*h=0;puts(s);free(s);}}
#include "journal.h"
static void beg(struct report*r){(void)r;}
static void res(struct report*r,const struct result*x){(void)r;static const char*n[]={"PASS","FAIL","SKIP","BROKEN"};printf("%s %s %s\n",n[x->verdict],result_name(x),x->reason);}
static void end(struct report*r,const struct report_tally*t){(void)r;printf("%u passed %u failed %u broken %u skipped in %.3f\n",t->passed,t->failed,t->broken,t->skipped,nsec_seconds(t->took));}
const struct reporter reporter_human={.name="human",.begin=beg,.record=rec,.result=res,.end=end};
const struct reporter *reporter_find(const char*n){(void)n;return &reporter_human;}

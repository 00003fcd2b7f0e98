/* no_page.c -- stands in for the page where the build has no npm. */
#include "api/api.h"

const struct net_file page_files[] = {{.path = "/",
                                       .content_type = "text/html; charset=utf-8",
                                       .etag = "\"none\"",
                                       .body = STR_INIT("<!doctype html><title>drivethru</title>"
                                                        "<p>This program was built without its "
                                                        "page: install nodejs and npm, and build "
                                                        "again.")}};
const uint32_t page_file_count = 1;

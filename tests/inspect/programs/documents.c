/* XML documents: every 50th is kept, the others are lost. The first argument says how many. */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static xmlDocPtr volatile kept[1000];

__attribute__((noinline, noclone)) static void parse(int count)
{
    static char text[8000];
    char *end = text + sprintf(text, "<shop>");

    for (int i = 0; i < 20; i++)
        end += sprintf(end, "<item id=\"SKU-%05d\"><name>Item number %d</name><price>%d.99</price></item>", i, i, i);
    end += sprintf(end, "</shop>");
    for (int i = 0; i < count; i++) {
        xmlDocPtr document = xmlReadMemory(text, (int)(end - text), "shop.xml", NULL, 0);
        if (i % 50 == 0)
            kept[i / 50 % 1000] = document;
    }
}

int main(int argc, char **argv)
{
    char byte;
    parse(argc > 1 ? atoi(argv[1]) : 1000);
    dprintf(1, "ready\n");
    return (int)read(0, &byte, 1);
}

package html

import "github.com/moovweb/gokogiri/xml"

type HtmlDocument struct{ *xml.XmlDocument }
